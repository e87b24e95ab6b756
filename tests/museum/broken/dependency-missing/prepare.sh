mkdir overlay
for part in ipykernel ipykernel_launcher.py; do ln -s "$MUSEUM_SITE/$part" overlay/; done
