#!/bin/bash
PYTHONPATH="${BASH_SOURCE%/*}/overlay" exec "$MUSEUM_PYTHON" -S -m ipykernel_launcher "$@"
