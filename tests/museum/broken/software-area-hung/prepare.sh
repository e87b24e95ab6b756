mkdir cvmfs
mkfifo cvmfs/setup.sh
