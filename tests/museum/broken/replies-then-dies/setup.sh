#!/bin/bash
exec "$MUSEUM_PYTHON" "${BASH_SOURCE%/*}/brief.py" "$@"
