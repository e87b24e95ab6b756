#!/bin/bash
exec "${BASH_SOURCE%/*}/bin/python" -m ipykernel_launcher "$@"
