#!/bin/bash
sleep 1000 # what waits for a password
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
