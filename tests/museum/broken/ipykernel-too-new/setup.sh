#!/bin/bash
here=${BASH_SOURCE%/*}
PYTHONPATH="$here/packages" exec "$MUSEUM_OLD_PYTHON" -m ipykernel_launcher "$@"
