#!/bin/bash
ulimit -v 60000
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
