#!/bin/bash
trap '' INT
exec "$MUSEUM_PYTHON" "${BASH_SOURCE%/*}/deaf.py" "$@"
