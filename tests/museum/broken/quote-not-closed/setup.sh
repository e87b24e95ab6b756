#!/bin/bash
export GREETING="hello
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
