#!/bin/bash
cat "$2"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
