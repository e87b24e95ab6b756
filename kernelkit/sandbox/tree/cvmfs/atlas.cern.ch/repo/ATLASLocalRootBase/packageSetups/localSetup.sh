# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' lsetup, is not ATLAS software. See SANDBOX.txt.

# shellcheck source=/dev/null
source "$ATLAS_LOCAL_ROOT_BASE/swConfig/functions.sh"

alrb_lsWorkdir="$ALRB_tmpScratch/localSetup"
mkdir -p "$alrb_lsWorkdir" || return $?
alrb_lsWorkarea=$(mktemp -d "$alrb_lsWorkdir/ls.XXXXXX")
alrb_fn_lsetup "$@"
alrb_rc=$?
rm -rf "$alrb_lsWorkarea"
if [ "$alrb_rc" -ne 0 ]; then
    unset alrb_lsWorkdir alrb_lsWorkarea alrb_rc
    return 64
fi
unset alrb_lsWorkdir alrb_lsWorkarea alrb_rc
return 0
