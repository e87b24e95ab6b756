# shellcheck shell=bash
# kernelkit sandbox: stands in for the environment of a Key4hep release. See SANDBOX.txt.

k4_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export KEY4HEP_STACK="$k4_here/setup.sh"
export PATH="$k4_here/python/bin:$k4_here/root/bin:$PATH"
export LD_LIBRARY_PATH="$k4_here/python/lib:$k4_here/root/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PYTHONPATH="$k4_here/lib:$k4_here/root/lib:$k4_here/site-packages${PYTHONPATH:+:$PYTHONPATH}"
export ROOTSYS="$k4_here/root" JUPYTER_PATH="$k4_here/root/etc/notebook${JUPYTER_PATH:+:$JUPYTER_PATH}"
unset k4_here
