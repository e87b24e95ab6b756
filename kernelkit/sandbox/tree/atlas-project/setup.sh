# shellcheck shell=bash
# kernelkit sandbox: stands in for the setup.sh of an ATLAS project. See SANDBOX.txt.

asetup_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$asetup_here/python/bin:$asetup_here/root/bin:$PATH"
export LD_LIBRARY_PATH="$asetup_here/python/lib:$asetup_here/root/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PYTHONPATH="$asetup_here/root/lib${PYTHONPATH:+:$PYTHONPATH}"
export ROOTSYS="$asetup_here/root"
unset asetup_here
