#!/bin/bash
exec "$MUSEUM_PYTHON" "${BASH_SOURCE%/*}/broken.py" "$@"
