# shellcheck shell=bash
# kernelkit sandbox: behaves like Belle II's b2setup, is not Belle II software. See SANDBOX.txt.

# Set up a central release, in place of the one that is set up already.
b2setup() {
    local release
    release=$(b2sandbox_release "$@") || return 1
    local analysis="" folder="${MY_BELLE2_DIR:-$PWD}"
    [ -n "$1$MY_BELLE2_RELEASE" ] || [ ! -f "$folder/.analysis" ] || analysis="$folder"
    local location="$VO_BELLE2_SW_DIR/releases/$release" version="" externals
    if [ ! -d "$location" ]; then
        echo "Error: No central release $release found." 1>&2
        return 1
    fi
    [ -f "$location/.externals" ] && read -r version <"$location/.externals"
    if [ -z "$version" ]; then
        echo "Error: No externals version is defined." 1>&2
        return 1
    fi
    externals="$BELLE2_EXTERNALS_TOPDIR/$version"
    if [ ! -d "$externals" ]; then
        echo "The externals version $version does not exist. You can use 'b2install-externals' to install them." 1>&2
        return 1
    fi
    b2sandbox_unset
    b2sandbox_release_paths b2sandbox_add "$location"
    export BELLE2_RELEASE="$release" BELLE2_RELEASE_DIR="$location"
    export BELLE2_EXTERNALS_VERSION="$version" BELLE2_EXTERNALS_DIR="$externals"
    b2sandbox_externals "$externals"
    if [ -n "$analysis" ]; then
        b2sandbox_release_paths b2sandbox_add "$analysis"
        export BELLE2_ANALYSIS_DIR="$analysis"
        echo "Environment setup for analysis : $BELLE2_ANALYSIS_DIR"
    fi
    echo "Environment setup for release: $BELLE2_RELEASE"
    echo "Central release directory    : $BELLE2_RELEASE_DIR"
    b2sandbox_advise "$release"
}

# Set up externals without a release: those asked for, or the newest.
b2setup-externals() {
    local version="$1" folder
    if [ -n "$BELLE2_RELEASE" ]; then
        echo "Error: This command can only be used if no Belle II software is set up." 1>&2
        return 1
    fi
    for folder in "$BELLE2_EXTERNALS_TOPDIR"/*/; do
        [ -n "$1" ] || version=$(basename "$folder")
    done
    if [ ! -d "$BELLE2_EXTERNALS_TOPDIR/$version" ]; then
        echo "b2setup-externals: error: argument RELEASE: invalid choice: '$version'" 1>&2
        return 1
    fi
    export BELLE2_EXTERNALS_VERSION="$version" BELLE2_EXTERNALS_DIR="$BELLE2_EXTERNALS_TOPDIR/$version"
    b2sandbox_externals "$BELLE2_EXTERNALS_DIR"
    echo "Environment setup for externals: $BELLE2_EXTERNALS_VERSION"
}

# The release that the arguments, MY_BELLE2_RELEASE or the current folder ask for.
b2sandbox_release() {
    local argument release="" unknown=""
    for argument in "$@"; do
        case "$argument" in
            --help | -h)
                echo "usage: b2setup [--help] [RELEASE]" 1>&2
                printf '\n  The following releases are available:\n' 1>&2
                (cd "$VO_BELLE2_SW_DIR/releases" && printf '    %s\n' *) 1>&2
                return 1
                ;;
            -*) unknown="$unknown $argument" ;;
            *) if [ -z "$release" ]; then release="$argument"; else unknown="$unknown $argument"; fi ;;
        esac
    done
    if [ -n "$unknown" ]; then
        cat 1>&2 <<EOF
usage: b2setup [--help] [RELEASE]
b2setup: error: unrecognized arguments:$unknown

Inside a script, b2setup without an argument gets the arguments of that script. To avoid this, use
b2setup "" or source .../tools/b2setup ""
EOF
        return 1
    fi
    [ -n "$release" ] || release="$MY_BELLE2_RELEASE"
    argument="${MY_BELLE2_DIR:-$PWD}/.analysis"
    [ -n "$release" ] || { [ -f "$argument" ] && read -r release <"$argument"; }
    if [ -z "$release" ]; then
        echo "Error: Neither in a development or analysis directory nor a release specified." 1>&2
        return 1
    fi
    echo "$release"
}

b2sandbox_add() {
    b2sandbox_remove "$1" "$2"
    local value="${!1}"
    printf -v "$1" %s "$2${value:+:$value}"
    # shellcheck disable=SC2163
    export "$1"
}

b2sandbox_remove() {
    local value=":${!1}:"
    while [[ "$value" == *":$2:"* ]]; do
        value="${value/":$2:"/:}"
    done
    value="${value#:}"
    printf -v "$1" %s "${value%:}"
}

# Call $1 with every path of the release at $2.
b2sandbox_release_paths() {
    "$1" PATH "$2/bin/$BELLE2_SUBDIR"
    "$1" LD_LIBRARY_PATH "$2/lib/$BELLE2_SUBDIR"
    "$1" PYTHONPATH "$2/lib/$BELLE2_SUBDIR"
    "$1" ROOT_INCLUDE_PATH "$2"
    "$1" ROOT_INCLUDE_PATH "$2/include"
}

# Call $1 with every path of the externals at $2.
b2sandbox_externals_paths() {
    local part
    for part in "$BELLE2_ARCH/common" "$BELLE2_EXTERNALS_SUBDIR"; do
        "$1" PATH "$2/$part/bin"
        "$1" LD_LIBRARY_PATH "$2/$part/lib"
        "$1" LD_LIBRARY_PATH "$2/$part/lib64"
    done
    "$1" ROOT_INCLUDE_PATH "$2"
    "$1" ROOT_INCLUDE_PATH "$2/include"
    "$1" LD_LIBRARY_PATH "$2/$BELLE2_ARCH/common/epics/lib/linux-x86_64"
}

b2sandbox_unset() {
    [ -z "$BELLE2_RELEASE_DIR" ] || b2sandbox_release_paths b2sandbox_remove "$BELLE2_RELEASE_DIR"
    [ -z "$BELLE2_EXTERNALS_DIR" ] || b2sandbox_externals_paths b2sandbox_remove "$BELLE2_EXTERNALS_DIR"
}

b2sandbox_externals() {
    local common="$1/$BELLE2_ARCH/common" before="$PWD" older="$OLDPWD"
    b2sandbox_externals_paths b2sandbox_add "$1"
    export GIT_EXEC_PATH="$common/lib/git-core" GIT_TEMPLATE_DIR="$1/share/git-core/templates"
    export GITPERLLIB="$1/share/perl5" GXX_INCLUDE="$1/include/c++" VALGRIND_LIB="$common/lib/valgrind"
    export EPICS_BASE="$common/epics" EPICS_HOST_ARCH="linux-x86_64"
    export PYTHIA8DATA="$1/share/Pythia8/xmldoc" PANTHER_TABLE_DIR="$1/share/belle_legacy/panther"
    cd "$common/bin" || return 1
    # shellcheck source=/dev/null
    source ./geant4.sh >/dev/null
    cd "$1/$BELLE2_EXTERNALS_SUBDIR/root/bin" || return 1
    # shellcheck source=/dev/null
    source ./thisroot.sh >/dev/null
    cd "$before" >/dev/null || return 1
    OLDPWD="$older"
    export JUPYTER_CONFIG_DIR="$HOME/.jupyter"
}

# What the real one says where the release is not among the supported ones.
b2sandbox_advise() {
    local known recommended
    known="$(dirname "$BELLE2_TOOLS")/versioning/versioning.py"
    if ! grep -q "'$1'" "$known"; then
        recommended=$("$BELLE2_TOOLS/b2help-releases")
        echo "Warning: The release $1 is not supported. Please update to $recommended"
    fi
}
