#!/bin/bash
launch() {
  exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
}
launch
