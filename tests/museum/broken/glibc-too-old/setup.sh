#!/bin/bash
exec "${BASH_SOURCE%/*}/python" -m ipykernel_launcher "$@"
