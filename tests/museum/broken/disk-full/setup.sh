#!/bin/bash
echo "what a step writes" >/dev/full || exit 1
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
