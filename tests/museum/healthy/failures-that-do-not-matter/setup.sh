#!/bin/bash
source /cvmfs/no-such.kernelkit.example/optional.sh
echo "ModuleNotFoundError: No module named ipykernel" >&2
echo "kernelkit: not a reason"
false
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
