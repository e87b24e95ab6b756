#!/bin/bash
if [ -z "$3" ]; then
  exit 0
fi
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
