#!/bin/bash
source "${BASH_SOURCE%/*}/releases/6.08/setup.sh" || exit 1
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
