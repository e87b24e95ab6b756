#!/bin/bash
ulimit -c 0
export PYTHONPATH=${BASH_SOURCE%/*}/modules
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
