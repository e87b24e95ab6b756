#!/bin/bash
export LD_LIBRARY_PATH=${BASH_SOURCE%/*}/lib LD_PRELOAD=libzmq.so.5
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
