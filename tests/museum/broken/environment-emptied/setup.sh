#!/bin/bash
exec env -i HOME="$HOME" PATH="$PATH" KERNELKIT_VERIFY="$KERNELKIT_VERIFY" "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
