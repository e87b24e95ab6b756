#!/bin/bash
trap 'echo bye' EXIT INT TERM
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
