# shellcheck shell=bash
# kernelkit sandbox: behaves like the LCG views' setupViews.sh, is not LCG software. See SANDBOX.txt.
#
# source setupViews.sh RELEASE PLATFORM

lcg_views=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 2 ]; then
    echo "Usage: source setupViews.sh RELEASE PLATFORM"
    echo "The releases are:"
    (cd "$lcg_views" && printf '   %s\n' */)
    unset lcg_views
    return 1
fi
if [ ! -d "$lcg_views/$1/$2" ]; then
    echo "ERROR: no view $1 for the platform $2. There are:"
    (cd "$lcg_views" && printf '   %s\n' */*/)
    unset lcg_views
    return 1
fi
# shellcheck source=/dev/null
source "$lcg_views/$1/$2/setup.sh"
unset lcg_views
return 0
