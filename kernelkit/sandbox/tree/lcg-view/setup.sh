# shellcheck shell=bash
# kernelkit sandbox: behaves like the setup.sh of an LCG view, is not LCG software. See SANDBOX.txt.
#
# Deliberate faults, all of them the real script's:
#  - it finds itself by the last argument bash keeps, which is its own name only as long as it is sourced
#    without any argument; with one, the view is taken to be the current folder, and it still succeeds;
#  - COMPILER is read unset (ends a shell with set -u);
#  - IFS stays changed where Geant4 lists no data;
#  - PYTHONHOME is set, so no other Python starts any more.

thisdir=$(cd "$(dirname "${BASH_ARGV[0]}")" && pwd)

if [ "$COMPILER" != "native" ] && [ -f "$thisdir/../../../releases/gcc/setup.sh" ]; then
    # shellcheck source=/dev/null
    source "$thisdir/../../../releases/gcc/setup.sh"
fi

LCG_VERSION=$(basename "$(dirname "$thisdir")")
export LCG_VERSION
export PATH="$thisdir/bin${PATH:+:$PATH}"
export LD_LIBRARY_PATH="$thisdir/lib64:$thisdir/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export MANPATH="$thisdir/man:$thisdir/share/man${MANPATH:+:$MANPATH}"
export CMAKE_PREFIX_PATH="$thisdir${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
export C_INCLUDE_PATH="$thisdir/include${C_INCLUDE_PATH:+:$C_INCLUDE_PATH}"
export CPLUS_INCLUDE_PATH="$thisdir/include${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}"
export PKG_CONFIG_PATH="$thisdir/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export JUPYTER_PATH="$thisdir/etc/notebook:$thisdir/share/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}"
export ROOT_INCLUDE_PATH="$thisdir/include${ROOT_INCLUDE_PATH:+:$ROOT_INCLUDE_PATH}"
export CLING_STANDARD_PCH="none"

PYTHONPATH="$thisdir/lib${PYTHONPATH:+:$PYTHONPATH}"
for lcg_packages in "$thisdir"/lib/python*/site-packages; do
    PYTHONPATH="$lcg_packages:$PYTHONPATH"
done
export PYTHONPATH
unset lcg_packages

if [ -x "$thisdir/bin/python3" ]; then
    PYTHONHOME=$(dirname "$(dirname "$(readlink -f "$thisdir/bin/python3")")")
    export PYTHONHOME
fi
if [ -x "$thisdir/bin/root" ]; then
    ROOTSYS=$(dirname "$(dirname "$(readlink -f "$thisdir/bin/root")")")
    export ROOTSYS
fi
if [ -n "$SANDBOX_DELAY" ]; then
    sleep "$SANDBOX_DELAY"
fi

if [ -x "$thisdir/bin/geant4-config" ]; then
    IFS=$'\n'
    for lcg_line in $("$thisdir/bin/geant4-config" --datasets); do
        unset IFS
        read -r _ lcg_name lcg_value <<<"$lcg_line"
        export "$lcg_name=$lcg_value"
    done
    unset lcg_line lcg_name lcg_value
fi
unset thisdir
