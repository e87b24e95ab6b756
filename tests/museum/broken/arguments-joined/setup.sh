#!/bin/bash
arguments="$@"
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$arguments"
