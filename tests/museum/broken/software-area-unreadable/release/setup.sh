echo "/cvmfs/some.example/lib/python: Permission denied" >&2
return 1
