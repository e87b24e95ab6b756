#!/bin/bash
export PYTHONHOME=${BASH_SOURCE%/*}/release
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
