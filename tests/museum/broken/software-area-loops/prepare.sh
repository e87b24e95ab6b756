ln -s cvmfs cvmfs
