# shellcheck shell=bash
# kernelkit sandbox: behaves like ROOT's thisroot.sh, is not ROOT. See SANDBOX.txt.
#
# Deliberate fault, the real script's: it finds itself by the last argument bash keeps, which is its own name
# only as long as it is sourced without any argument.

SOURCE="${BASH_ARGV[0]}"
thisroot=$(dirname "$SOURCE")
ROOTSYS=$(cd "$thisroot/.." >/dev/null && pwd)
export ROOTSYS
export PATH="$ROOTSYS/bin${PATH:+:$PATH}"
export LD_LIBRARY_PATH="$ROOTSYS/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export DYLD_LIBRARY_PATH="$ROOTSYS/lib${DYLD_LIBRARY_PATH:+:$DYLD_LIBRARY_PATH}"
export SHLIB_PATH="$ROOTSYS/lib${SHLIB_PATH:+:$SHLIB_PATH}"
export LIBPATH="$ROOTSYS/lib${LIBPATH:+:$LIBPATH}"
export PYTHONPATH="$ROOTSYS/lib${PYTHONPATH:+:$PYTHONPATH}"
export MANPATH="$ROOTSYS/man${MANPATH:+:$MANPATH}"
export CMAKE_PREFIX_PATH="$ROOTSYS${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
export JUPYTER_PATH="$ROOTSYS/etc/notebook${JUPYTER_PATH:+:$JUPYTER_PATH}"
export CLING_STANDARD_PCH="none"
unset SOURCE thisroot
