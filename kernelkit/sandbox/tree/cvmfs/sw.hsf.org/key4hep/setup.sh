# shellcheck shell=bash
# kernelkit sandbox: behaves like Key4hep's setup.sh, is not Key4hep software. See SANDBOX.txt.
#
# Deliberate faults, all of them the real script's:
#  - without arguments of its own it reads those of whoever sources it, and ignores with a message what it does
#    not know;
#  - KEY4HEP_STACK is read unset (ends a shell with set -u), and where it is set, nothing is set up;
#  - it talks on standard output.

if [ -n "$KEY4HEP_STACK" ]; then
    echo "The Key4hep software stack is already set up, please start a new shell"
    return 1
fi
k4_base=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
k4_release=""
while [ $# -gt 0 ]; do
    case "$1" in
        -r) k4_release="$2"; shift ;;
        -d) echo "The sandbox has no debug builds" ;;
        *) echo "Unknown argument $1, it will be ignored" ;;
    esac
    shift
done
if [ -n "$LCG_VERSION" ]; then
    unset PYTHONHOME PYTHONPATH LD_LIBRARY_PATH
fi
if [ -z "$k4_release" ]; then
    for k4_folder in "$k4_base/releases"/*/; do
        k4_release=$(basename "$k4_folder")
    done
fi
if [ ! -d "$k4_base/releases/$k4_release" ]; then
    echo "Release $k4_release with build type opt not found, this is a list of the available releases:"
    ls "$k4_base/releases"
    echo "Aborting..."
    return 1
fi
echo "AlmaLinux/RockyLinux/RHEL 9 detected"
echo "Setting up the Key4hep software stack release $k4_release from CVMFS"
echo " ...  Use the following command to reproduce the current environment:"
echo " ...  source $k4_base/setup.sh -r $k4_release"
echo " ... done."
for k4_folder in "$k4_base/releases/$k4_release"/*/key4hep-stack/*/; do
    # shellcheck source=/dev/null
    source "${k4_folder}setup.sh"
done
unset k4_base k4_release k4_folder
