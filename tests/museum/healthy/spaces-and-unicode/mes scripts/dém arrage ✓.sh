exec "$MUSEUM_PYTHON" -m ipykernel_launcher "$@"
