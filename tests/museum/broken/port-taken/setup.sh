#!/bin/bash
read -r _ < <("$MUSEUM_PYTHON" "${BASH_SOURCE%/*}/taker.py" "$2")
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
