#!/bin/bash
export IPYTHONDIR=${BASH_SOURCE%/*}/ipython
read -r _ < <("$MUSEUM_PYTHON" "${BASH_SOURCE%/*}/locker.py" "$IPYTHONDIR/profile_default/history.sqlite")
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
