#!/bin/bash
source "${BASH_SOURCE%/*}/cvmfs/setup.sh"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
