#!/bin/bash
apptainer() { # as the real one says it
  echo "FATAL:   could not open image $2: failed to retrieve path for $2: lstat $2: no such file or directory" >&2
  exit 255
}
apptainer exec /cvmfs/singularity.example/images/gone.sif python -m ipykernel_launcher "$@"
