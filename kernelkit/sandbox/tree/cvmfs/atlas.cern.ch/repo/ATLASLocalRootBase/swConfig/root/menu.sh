# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.

alrb_AvailableTools=" root"
if [ "$alrb_Quiet" = "NO" ]; then
    "$ATLAS_LOCAL_ROOT_BASE/swConfig/printMenu.sh"
fi
return 0
