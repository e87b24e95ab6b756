#!/bin/bash
ulimit -n 12
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
