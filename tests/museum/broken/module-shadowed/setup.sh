#!/bin/bash
export PYTHONPATH=${BASH_SOURCE%/*}/mine
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
