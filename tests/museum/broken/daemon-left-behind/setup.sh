#!/bin/bash
setsid sleep 1000 </dev/null >/dev/null 2>&1 &
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
