mkdir -p venv/bin
ln -s /usr/lib/no-such-python3.9 venv/bin/python
