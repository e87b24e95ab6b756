#!/bin/bash
exec setsid "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
