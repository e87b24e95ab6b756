mkdir -p ipython/profile_default
"$MUSEUM_PYTHON" -c "import sqlite3; sqlite3.connect('ipython/profile_default/history.sqlite').execute('create table sessions (wrong)')"
