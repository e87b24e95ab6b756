#!/bin/bash
read -r -t 5 answer
echo "Password for $USER:" >&2
read -r answer
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
