#!/bin/bash
cat /proc/self/mem >/dev/null || exit 5
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
