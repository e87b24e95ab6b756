#!/bin/bash
mkdir -p "${BASH_SOURCE%/*}/lib"
export LD_LIBRARY_PATH=":${BASH_SOURCE%/*}/lib:/no/such/lib:"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
