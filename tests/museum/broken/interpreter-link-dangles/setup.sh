#!/bin/bash
exec "${BASH_SOURCE%/*}/venv/bin/python" -m ipykernel_launcher "$@"
