# another Python's
