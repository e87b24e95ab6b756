#!/bin/bash
export PYTHONPATH=${BASH_SOURCE%/*}/lib/python2.7/site-packages
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
