import sqlite3
import sys
import time

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('create table if not exists sessions (session integer)')
connection.execute('begin exclusive')
print('locked', flush=True)
time.sleep(1000)
