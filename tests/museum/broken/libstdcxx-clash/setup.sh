#!/bin/bash
export LD_LIBRARY_PATH=${BASH_SOURCE%/*}/lib
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
