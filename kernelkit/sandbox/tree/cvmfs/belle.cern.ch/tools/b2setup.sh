# shellcheck shell=bash
# kernelkit sandbox: behaves like Belle II's b2setup.sh, is not Belle II software. See SANDBOX.txt.
#
# Deliberate faults, all of them the real script's:
#  - without an argument it takes the first one of the script that sources it for a release;
#  - BELLE2_CONFIG_DIR is read unset (ends a shell with set -u), and a plain assignment takes git's status
#    128 where the tools are no git repository (ends a shell with set -e);
#  - scripts are looked for in the current folder before its own;
#  - PYTHONPATH is overwritten; it asks a server for newer tools, which can take for ever.

BELLE2_TOOLS=$(cd "$(dirname "${BASH_SOURCE:-$0}")" && pwd -P)
export BELLE2_TOOLS
# shellcheck source=/dev/null
source "$BELLE2_TOOLS/sandbox-functions.sh"

b2sandbox_dirs=("$PWD" "$HOME" "$BELLE2_TOOLS" "$BELLE2_CONFIG_DIR" /etc /sw/belle2)
for DIR in "${b2sandbox_dirs[@]}"; do
    if [ -f "$DIR/b2presetup.sh" ]; then
        # shellcheck source=/dev/null
        source "$DIR/b2presetup.sh"
        break
    fi
done

export PATH="$BELLE2_TOOLS${PATH:+:$PATH}"
if [ -n "$PYTHONPATH" ] && [ "$PYTHONPATH" != "$BELLE2_TOOLS" ]; then
    echo "Warning: Changing existing PYTHONPATH from $PYTHONPATH to $BELLE2_TOOLS"
fi
export PYTHONPATH="$BELLE2_TOOLS"

if [ -z "$VO_BELLE2_SW_DIR" ]; then
    VO_BELLE2_SW_DIR=$(dirname "$BELLE2_TOOLS")
fi
export VO_BELLE2_SW_DIR
export BELLE2_EXTERNALS_TOPDIR="${BELLE2_EXTERNALS_TOPDIR:-$VO_BELLE2_SW_DIR/externals}"
BELLE2_ARCH="$(uname -s)_$(uname -m)"
export BELLE2_ARCH
export BELLE2_OPTION="${BELLE2_OPTION:-opt}"
export BELLE2_SUBDIR="$BELLE2_ARCH/$BELLE2_OPTION"
export BELLE2_EXTERNALS_OPTION="${BELLE2_EXTERNALS_OPTION:-opt}"
export BELLE2_EXTERNALS_SUBDIR="$BELLE2_ARCH/$BELLE2_EXTERNALS_OPTION"
export BELLE2_USER="${BELLE2_USER:-${USER:-$(id -nu)}}"

ORIGIN_URL=$("$BELLE2_TOOLS/sandbox-git" remote -v 2>/dev/null)
if [[ "$ORIGIN_URL" == *gitlab.desy* ]]; then
    export BELLE2_GIT_SERVER="git@gitlab.desy.de:"
else
    export BELLE2_GIT_SERVER="git@github.com:"
fi
export BELLE2_SOFTWARE_REPOSITORY="${BELLE2_GIT_SERVER}belle2/basf2.git"
export BELLE2_EXTERNALS_REPOSITORY="${BELLE2_GIT_SERVER}belle2/externals.git"
export BELLE2_VERSIONING_REPOSITORY="${BELLE2_GIT_SERVER}belle2/versioning.git"
export BELLE2_ANALYSES_PROJECT="b2a"
export BELLE2_DOWNLOAD="--ca-certificate=$BELLE2_TOOLS/certchain.pem https://software.belle2.org/download"
export BELLE2_EXCLUDE_PACKAGES="${BELLE2_EXCLUDE_PACKAGES:-daq}"

echo "Belle II software tools set up at: $BELLE2_TOOLS"

if [ -z "$BELLE2_NO_TOOLS_CHECK" ]; then
    if ! "$BELLE2_TOOLS/sandbox-git" fetch --dry-run 2>/dev/null; then
        echo
        echo "Warning: Could not access remote git repository in non-interactive mode."
        echo "-------> Please make sure you can successfully run the following command"
        echo "         WITHOUT interactive input:"
        echo
        echo "           git -C $BELLE2_TOOLS fetch --dry-run"
        echo
    fi
fi

case "${LC_ALL:-${LC_CTYPE:-$LANG}}" in
    *[uU][tT][fF]8 | *[uU][tT][fF]-8) ;;
    *)
        echo
        echo "WARNING: Your preferred character encoding is not UTF-8."
        echo "-------> It is recommended to enable UTF-8 encoding, see 'man locale' for instructions."
        echo
        ;;
esac

if [ -n "$SANDBOX_DELAY" ]; then
    sleep "$SANDBOX_DELAY"
fi

for DIR in "${b2sandbox_dirs[@]}"; do
    if [ -f "$DIR/b2postsetup.sh" ]; then
        # shellcheck source=/dev/null
        source "$DIR/b2postsetup.sh"
        break
    fi
done
unset b2sandbox_dirs

if [ -f .release ] || [ -f .analysis ] || [ -n "$MY_BELLE2_DIR$MY_BELLE2_RELEASE" ] || [ "$1" != "" ]; then
    b2setup "$@"
fi
