#!/bin/bash
for number in {1..20000}; do
  echo "setting up $number"
  echo "warning $number: No such file or directory" >&2
done
exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
