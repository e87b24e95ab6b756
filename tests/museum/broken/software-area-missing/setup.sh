#!/bin/bash
source /cvmfs/no-such.kernelkit.example/setup.sh
exec "$MUSEUM_PYTHON" -S -m ipykernel_launcher "$@"
