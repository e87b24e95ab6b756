#!/bin/bash
export IPYTHONDIR=${BASH_SOURCE%/*}/ipython
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
