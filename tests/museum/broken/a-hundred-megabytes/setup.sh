#!/bin/bash
head -c 100000000 /dev/zero | tr "\0" "x"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
