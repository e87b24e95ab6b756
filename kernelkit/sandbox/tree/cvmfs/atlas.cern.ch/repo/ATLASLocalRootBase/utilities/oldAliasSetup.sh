# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.
#
# `oldAliasSetup.sh root --rootVersion=...` is lsetup "root --rootVersion=...". Deliberate fault, the real
# script's: without arguments of its own it eats those of the script that sources it.

alrb_tmpVal=""
while [ $# -gt 0 ]; do
    case "$1" in
        --) ;;
        *) alrb_tmpVal="$alrb_tmpVal $1" ;;
    esac
    shift
done

# shellcheck source=/dev/null
source "$ATLAS_LOCAL_ROOT_BASE/packageSetups/localSetup.sh" "$alrb_tmpVal"
return $?
