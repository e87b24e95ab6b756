#!/bin/bash
source /cvmfs/no-such.kernelkit.example/setup.sh
exec no-such-python -m ipykernel_launcher "$@"
