#!/bin/bash
umask 077
ulimit -n 256 -c 0
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
