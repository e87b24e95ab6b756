#!/bin/bash
for number in {1..300}; do
  export "MODULE_$number=$(printf "x%.0s" {1..200})"
done
module() { :; }
export -f module
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
