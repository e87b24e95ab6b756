#!/bin/bash
source "${BASH_SOURCE%/*}/cvmfs/setup.sh" || exit 1
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
