#!/bin/bash
exec "$MUSEUM_PYTHON" -S -m ipykernel_launcher "$@"
