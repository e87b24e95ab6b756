#!/bin/bash
source ./nothing 2>/dev/null
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
