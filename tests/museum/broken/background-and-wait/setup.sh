#!/bin/bash
"$MUSEUM_PYTHON" -m ipykernel_launcher "$@" &
wait
