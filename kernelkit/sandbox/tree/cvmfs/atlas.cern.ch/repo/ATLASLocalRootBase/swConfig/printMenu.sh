#!/bin/bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.

menuLine() {
    printf '\e[7m%-20s\e[0m %s\n' "$1" "$2"
}

menuLine "lsetup" "lsetup <tool1> [ <tool2> ...] (see lsetup -h):"
menuLine " lsetup gcc" "a compiler that is not there"
menuLine " lsetup python" "the Python that a ROOT was built with"
menuLine " lsetup root" "ROOT data processing framework (a stand-in of kernelkit's sandbox)"
menuLine " lsetup views" "Set up a full LCG release"
menuLine "showVersions" "show versions of installed software"
