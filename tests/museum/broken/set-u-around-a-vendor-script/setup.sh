#!/bin/bash
set -eu
source "${BASH_SOURCE%/*}/vendor.sh"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
