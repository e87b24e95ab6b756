#!/bin/bash
export PYTHONPATH=${BASH_SOURCE%/*}/modules:/no/such/folder
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
