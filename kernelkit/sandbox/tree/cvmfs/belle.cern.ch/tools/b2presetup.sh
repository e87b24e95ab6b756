# shellcheck shell=bash
# kernelkit sandbox: behaves like Belle II's b2presetup.sh, is not Belle II software. See SANDBOX.txt.
#
# The folder of the platform: the system's name and version in one word; el9 where there is none for it.

b2sandbox_top=$(dirname "$BELLE2_TOOLS")
b2sandbox_os="${BELLE2_SANDBOX_OS:-$("$BELLE2_TOOLS/b2install-print-os" | tr -d ' ')}"
if [ ! -d "$b2sandbox_top/$b2sandbox_os/releases" ]; then
    b2sandbox_os="el9"
fi
export VO_BELLE2_SW_DIR="$b2sandbox_top/$b2sandbox_os"
unset b2sandbox_top b2sandbox_os
