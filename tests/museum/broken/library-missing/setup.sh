#!/bin/bash
exec "${BASH_SOURCE%/*}/launcher" "$@"
