#!/bin/bash
env | sort
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
