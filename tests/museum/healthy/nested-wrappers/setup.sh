#!/bin/bash
exec /bin/bash "${BASH_SOURCE%/*}/inner.sh" "$@"
