#!/bin/bash
sleep 6
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
