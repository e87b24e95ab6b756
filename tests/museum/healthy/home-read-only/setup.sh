#!/bin/bash
export IPYTHONDIR=/proc/1/ipython
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
