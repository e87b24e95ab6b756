#!/bin/bash
set -e
false
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
