exec env INNER=1 nice -n 1 "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
