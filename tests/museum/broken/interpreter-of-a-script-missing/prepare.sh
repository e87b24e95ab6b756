chmod +x launcher
