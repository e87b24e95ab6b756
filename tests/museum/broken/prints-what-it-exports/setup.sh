#!/bin/bash
set -x
export TOKEN_AGAIN="$KERNELKIT_DECOY_TOKEN"
set +x
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
