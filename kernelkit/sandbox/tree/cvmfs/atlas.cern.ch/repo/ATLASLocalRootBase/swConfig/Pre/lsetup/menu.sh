# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.

alrb_AvailableToolsPre=" lsetup"
return 0
