# A machine that has no older Python gets an ipykernel of the future.
if "$MUSEUM_OLD_PYTHON" -c "import sys; sys.exit(sys.version_info >= (3, 9))"; then
  ln -s "$MUSEUM_SITE" packages
else
  mkdir -p packages/ipykernel
  echo "from ipykernel import kernelapp" >packages/ipykernel_launcher.py
  echo >packages/ipykernel/__init__.py
  echo "defer import this" >packages/ipykernel/kernelapp.py
fi
