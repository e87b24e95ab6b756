#!/bin/bash
set -euo pipefail
readonly here=${BASH_SOURCE%/*}
cd /
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
