#!/bin/bash
"$MUSEUM_PYTHON" -m ipykernel_launcher "$@" 2>&1 | tee /dev/null
