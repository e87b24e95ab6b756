# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.

insertPath() {
    local alrb_value="${!1}"
    case ":$alrb_value:" in
        "::") printf -v "$1" %s "$2" ;;
        *":$2:"*) ;;
        *) printf -v "$1" %s "$2:$alrb_value" ;;
    esac
    # shellcheck disable=SC2163
    export "$1"
}

appendPath() {
    local alrb_value="${!1}"
    case ":$alrb_value:" in
        "::") printf -v "$1" %s "$2" ;;
        *":$2:"*) ;;
        *) printf -v "$1" %s "$alrb_value:$2" ;;
    esac
    # shellcheck disable=SC2163
    export "$1"
}

deletePath() {
    local alrb_value=":${!1}:"
    while [[ "$alrb_value" == *":$2:"* ]]; do
        alrb_value="${alrb_value/":$2:"/:}"
    done
    alrb_value="${alrb_value#:}"
    printf -v "$1" %s "${alrb_value%:}"
    # shellcheck disable=SC2163
    export "$1"
}

lsetup() {
    # shellcheck source=/dev/null
    source "$ATLAS_LOCAL_ROOT_BASE/packageSetups/localSetup.sh" "$@"
    return $?
}

asetup() {
    # shellcheck source=/dev/null
    source "$AtlasSetup/scripts/asetup.sh" "$@"
    return $?
}

alrb_fn_setupHelp() {
    cat <<EOF

Usage: atlasLocalSetup.sh [options]
       or setupATLAS [options]

    kernelkit's sandbox of the ATLAS set-up. Options:
     -h  --help                   Print this help message
     -q  --quiet                  Print no output
     -p  --noLocalPostSetup       Skip running local/site post-setup script
     -3                           Accepted
     -c  --container=name         Accepted; the sandbox has no containers
EOF
}

# The first of some folders that can be made and written.
alrb_fn_scratch() {
    local alrb_item
    for alrb_item in "$@"; do
        if [ -n "$alrb_item" ] && mkdir -p "$alrb_item" 2>/dev/null && [ -w "$alrb_item" ]; then
            echo "$alrb_item"
            return 0
        fi
    done
    return 64
}

alrb_fn_osMajor() {
    local ID="" ID_LIKE="" VERSION_ID=""
    if [ -n "$ALRB_SANDBOX_OSMAJOR" ]; then
        echo "$ALRB_SANDBOX_OSMAJOR"
        return 0
    fi
    # shellcheck source=/dev/null
    [ -r /etc/os-release ] && . /etc/os-release
    case " $ID $ID_LIKE " in
        *" rhel "* | *" centos "*) echo "${VERSION_ID%%.*}" ;;
        # No Enterprise Linux: nothing is too new for it.
        *) echo 9 ;;
    esac
}

alrb_fn_setupBase() {
    local alrb_user alrb_home="" alrb_tmp=""
    alrb_user=$(id -un)
    [ -n "$HOME" ] && alrb_home="$HOME/.alrb"
    [ -n "$TMPDIR" ] && alrb_tmp="$TMPDIR/$alrb_user/.alrb"
    ALRB_SCRATCH=$(alrb_fn_scratch "$ALRB_SCRATCH" "$alrb_home" "$alrb_tmp" "/tmp/$alrb_user/.alrb" "$PWD/.alrb") ||
        echo "Error: Cannot determine ALRB_SCRATCH"
    ALRB_tmpScratch=$(alrb_fn_scratch "$ALRB_tmpScratch" "$alrb_tmp" "/tmp/$alrb_user/.alrb" "$ALRB_SCRATCH") ||
        echo "Error: Cannot determine ALRB_tmpScratch"
    export ALRB_SCRATCH ALRB_tmpScratch

    export ATLAS_LOCAL_ROOT_BASE="${ATLAS_LOCAL_ROOT_BASE%/}"
    ATLAS_LOCAL_ROOT_ARCH=$(uname -m)
    ATLAS_LOCAL_ROOT="$ATLAS_LOCAL_ROOT_BASE/$ATLAS_LOCAL_ROOT_ARCH"
    if [ ! -e "$ATLAS_LOCAL_ROOT" ]; then
        echo "Missing $ATLAS_LOCAL_ROOT; is this architecture supported ?"
        return 64
    fi
    export AtlasSetup="$ATLAS_LOCAL_ROOT/AtlasSetup/current/AtlasSetup"
    export ATLAS_LOCAL_ROOT ATLAS_LOCAL_ROOT_ARCH ATLAS_LOCAL_ROOT_PACOPT=""

    ALRB_OSMAJORVER=$(alrb_fn_osMajor)
    export ALRB_OSTYPE="Linux" ALRB_OSMAJORVER ALRB_RHVER="$ALRB_OSMAJORVER" ALRB_SHELL="bash"

    local alrb_cvmfs="${ATLAS_LOCAL_ROOT_BASE%/atlas.cern.ch/repo/*}"
    export ALRB_cvmfs_repo="$alrb_cvmfs/atlas.cern.ch/repo"
    export ALRB_cvmfs_condb_repo="$alrb_cvmfs/atlas-condb.cern.ch/repo"
    export ALRB_cvmfs_nightly_repo="$alrb_cvmfs/atlas-nightlies.cern.ch/repo"
    export ALRB_cvmfs_sft_repo="$alrb_cvmfs/sft.cern.ch/lcg"
    export ALRB_cvmfs_ALRB="$ATLAS_LOCAL_ROOT_BASE"
    export ALRB_SFT_LCG="none"
    if [ -d "$ALRB_cvmfs_sft_repo" ]; then
        ALRB_SFT_LCG="$ALRB_cvmfs_sft_repo"
    fi
}

# A user's folder of scripts, then the site's.
alrb_fn_localPostSetup() {
    local alrb_folder
    [ "$alrb_noLocalPostSetup" = "NO" ] || return 0
    for alrb_folder in "$ALRB_localConfigDir" "$ATLAS_LOCAL_ROOT_BASE/config"; do
        if [ -n "$alrb_folder" ] && [ -e "$alrb_folder/localPostUserSetup.sh" ]; then
            # shellcheck source=/dev/null
            source "$alrb_folder/localPostUserSetup.sh"
        fi
    done
    return 0
}
