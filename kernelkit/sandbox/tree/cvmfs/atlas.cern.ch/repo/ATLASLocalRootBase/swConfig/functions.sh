# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' lsetup, is not ATLAS software. See SANDBOX.txt.

# lsetup: global options, then one word per tool, "tool" or "tool version".
alrb_fn_lsetup() {
    local alrb_Quiet="NO" alrb_item alrb_requested="" alrb_opts
    alrb_opts=$("$ATLAS_LOCAL_ROOT_BASE/utilities/parseOptions.sh" lsetup "h q s f a: r:" \
        "help quiet skipConfirm force" "$@")
    if [ $? -ne 0 ]; then
        echo " If it is an option for a tool, you need to put it in double quotes." 1>&2
        return 64
    fi
    eval set -- "$alrb_opts"
    while [ $# -gt 0 ]; do
        case "$1" in
            -q | --quiet) alrb_Quiet="YES"; shift ;;
            -a | -r) shift 2 ;;
            --) shift; break ;;
            *) shift ;;
        esac
    done
    if [ "$*" = "" ]; then
        echo "Nothing to setup ... did you forget arguments ?" 1>&2
        return 0
    fi
    # As in the real one, everything is looked up before anything is set.
    local -a alrb_plan=()
    for alrb_item in "$@"; do
        alrb_fn_plan "$alrb_item" || return 64
    done
    alrb_fn_say '************************************************************************'
    alrb_fn_say "Requested: $alrb_requested ... "
    for alrb_item in "${alrb_plan[@]}"; do
        alrb_fn_say " Setting up \e[4m${alrb_item}\e[0m ... "
        "alrb_fn_set_${alrb_item%% *}" "${alrb_item#* }" || return 64
        ALRB_requestedVersions="${alrb_item%% *}:${alrb_item#* } $ALRB_requestedVersions"
    done
    export ALRB_requestedVersions
    alrb_fn_say '>>>>>>>>>>>>>>>>>>>>>>>>> Information for user <<<<<<<<<<<<<<<<<<<<<<<<<'
    for alrb_item in "${alrb_plan[@]}"; do
        alrb_fn_advice "$alrb_item"
    done
    alrb_fn_say '************************************************************************'
}

alrb_fn_say() {
    if [ "$alrb_Quiet" = "NO" ]; then
        echo -e "$1"
    fi
}

alrb_fn_advice() {
    local alrb_build
    [ "${1%% *}" = "root" ] || return 0
    alrb_build="$(echo "${1#* }" | grep -o "$ATLAS_LOCAL_ROOT_ARCH.*")"
    alrb_fn_say " root:"
    alrb_fn_say "   Tip for _this_ standalone ROOT and grid (ie prun) submission:"
    alrb_fn_say "    avoid --athenaTag if you do not need athena"
    alrb_fn_say "    use --rootVer=$("$ROOTSYS/bin/root-config" --version) --cmtConfig=$alrb_build"
}

# Add what one requested tool needs, and then the tool, to alrb_plan.
alrb_fn_plan() {
    local alrb_tool alrb_wanted alrb_version alrb_var
    read -r alrb_tool alrb_wanted <<<"$1"
    alrb_requested="$alrb_requested $alrb_tool"
    case "$alrb_tool" in
        root | python | gcc) ;;
        views)
            alrb_plan+=("views $alrb_wanted")
            return 0
            ;;
        *)
            echo "Error: unknown tool: $alrb_tool" 1>&2
            echo " If it is a version or option for a tool, you need to put it in double quotes." 1>&2
            return 64
            ;;
    esac
    alrb_wanted="${alrb_wanted#"--${alrb_tool}Version"}"
    alrb_wanted="${alrb_wanted#[= ]}"
    alrb_var="ALRB_${alrb_tool}Version"
    [ -n "$alrb_wanted" ] || alrb_wanted="${!alrb_var}"
    alrb_fn_version "$alrb_tool" "$alrb_wanted" || return 64
    if [ "$alrb_tool" = "root" ]; then
        alrb_fn_depend "$alrb_version" || return 64
    fi
    alrb_plan+=("$alrb_tool $alrb_version")
}

# The compiler and the Python that a ROOT was built with.
alrb_fn_depend() {
    local alrb_build="${1#*-"$ATLAS_LOCAL_ROOT_ARCH"-}" alrb_line alrb_python
    local alrb_os="${alrb_build%%-*}" alrb_gcc
    alrb_gcc="${alrb_build#*-}"
    alrb_gcc="${alrb_gcc%%-*}"
    alrb_line=$(grep -e "|${alrb_gcc}[0-9]*_${ATLAS_LOCAL_ROOT_ARCH}_$alrb_os|" "$ATLAS_LOCAL_ROOT/Gcc/.alrb/mapfile.txt" | tail -n 1)
    if [ "$alrb_line" = "" ]; then
        echo "Error: unable to find match to $1"
        return 64
    fi
    alrb_plan+=("gcc $(echo "$alrb_line" | cut -f 4 -d "|")")
    alrb_python=$("$ATLAS_LOCAL_ROOT/root/$1/bin/root-config" --python-version)
    local alrb_version
    alrb_fn_version python "$alrb_python-$ATLAS_LOCAL_ROOT_ARCH-$alrb_build" || return 64
    alrb_plan+=("python $alrb_version")
}

# Set alrb_version to the one line of the map that has a name, and say so if there is none.
alrb_fn_search() {
    local alrb_line
    alrb_line=$(grep -F -e "|$2|" "$ATLAS_LOCAL_ROOT/$1/.alrb/mapfile.txt" 2>/dev/null) || return 64
    alrb_version=$(echo "$alrb_line" | head -n 1 | cut -f 4 -d "|")
}

# A default: that of this major version of the system, else that of all.
alrb_fn_default() {
    alrb_fn_search "$1" "$2-SL$ALRB_OSMAJORVER" || alrb_fn_search "$1" "$2"
}

# Set alrb_version to what a tool's wanted version means; the map alone is asked, never the folders.
alrb_fn_version() {
    local alrb_folder="$1" alrb_os
    [ "$1" = "gcc" ] && alrb_folder="Gcc"
    case "$2" in
        "" | dynamic | default | current)
            if ! alrb_fn_default "$alrb_folder" current; then
                if alrb_fn_default "$alrb_folder" recommended; then
                    alrb_fn_recommend "$1" "$alrb_version"
                else
                    echo "Error: unable to setup default version value for $1"
                fi
                return 64
            fi
            ;;
        recommended | testing)
            if ! alrb_fn_default "$alrb_folder" "$2"; then
                echo "Error: unable to setup $2 version value for $1"
                return 64
            fi
            ;;
        *) alrb_fn_search "$alrb_folder" "$2" || alrb_fn_guess "$1" "$alrb_folder" "$2" || return 64 ;;
    esac
    alrb_os=$(echo "$alrb_version" | sed -n -e 's/.*slc\([0-9]*\).*/\1/p' -e 's/.*centos\([0-9]*\).*/\1/p')
    if [ -n "$alrb_os" ] && [ "$alrb_os" -gt "$ALRB_OSMAJORVER" ]; then
        echo "Error: You are trying to setup version $alrb_version on Linux $ALRB_OSMAJORVER"
        echo "       It was built for Linux $alrb_os."
        return 64
    fi
}

alrb_fn_recommend() {
    echo "Error: You need to specify a $1 version.  The current recommendation is
         lsetup \"$1 $2\"
                  or
         export ALRB_${1}Version=$2
         lsetup $1
       Please consult your analysis group if you need a specific version for
       your work.  To see what versions are available, type
         showVersions $1"
}

# A part of a name will do where exactly one version for this major version of the system has it.
alrb_fn_guess() {
    local alrb_found
    alrb_found=$(grep -F -e "$3" "$ATLAS_LOCAL_ROOT/$2/.alrb/mapfile.txt" | grep -E -e "(slc|centos|el)$ALRB_OSMAJORVER")
    if [ "$alrb_found" = "" ] || [ "$(echo "$alrb_found" | wc -l)" -ne 1 ]; then
        echo "Error: unable to find $3 version for $1"
        return 64
    fi
    alrb_version=$(echo "$alrb_found" | cut -f 4 -d "|")
}

alrb_fn_set_gcc() {
    export ATLAS_LOCAL_GCC_VERSION="$1"
    export ATLAS_LOCAL_GCC_PATH="$ATLAS_LOCAL_ROOT/Gcc/$1"
    # shellcheck source=/dev/null
    source "$ATLAS_LOCAL_GCC_PATH/setup.sh"
}

alrb_fn_set_python() {
    if [ -n "$ATLAS_LOCAL_PYTHON_VERSION" ]; then
        deletePath PATH "$ATLAS_LOCAL_ROOT/python/$ATLAS_LOCAL_PYTHON_VERSION/bin"
        deletePath LD_LIBRARY_PATH "$ATLAS_LOCAL_ROOT/python/$ATLAS_LOCAL_PYTHON_VERSION/lib"
        deletePath LIBRARY_PATH "$ATLAS_LOCAL_ROOT/python/$ATLAS_LOCAL_PYTHON_VERSION/lib"
    fi
    export ATLAS_LOCAL_PYTHON_VERSION="$1"
    insertPath PATH "$ATLAS_LOCAL_ROOT/python/$1/bin"
    insertPath LD_LIBRARY_PATH "$ATLAS_LOCAL_ROOT/python/$1/lib"
    insertPath LIBRARY_PATH "$ATLAS_LOCAL_ROOT/python/$1/lib"
    if [ -z "$SSL_CERT_DIR" ]; then
        export SSL_CERT_DIR="$ATLAS_LOCAL_ROOT_BASE/etc/grid-security-emi/certificates"
    fi
}

alrb_fn_set_root() {
    local alrb_old="$ROOTSYS"
    if [[ "$alrb_old" == *ATLASLocalRootBase* ]]; then
        deletePath PATH "$alrb_old/bin"
        deletePath LD_LIBRARY_PATH "$alrb_old/lib"
        deletePath PYTHONPATH "$alrb_old/lib"
        deletePath MANPATH "$alrb_old/man"
    fi
    export ATLAS_LOCAL_CERNROOT_VERSION="$1"
    export ROOTSYS="$ATLAS_LOCAL_ROOT/root/$1"
    rootCmtConfig=$(echo "$1" | grep -o "$ATLAS_LOCAL_ROOT_ARCH.*")
    export rootCmtConfig
    insertPath PATH "$ROOTSYS/bin"
    insertPath LD_LIBRARY_PATH "$ROOTSYS/lib"
    insertPath PYTHONPATH "$ROOTSYS/lib"
    insertPath MANPATH "$ROOTSYS/man"
}

alrb_fn_set_views() {
    local alrb_release alrb_platform
    read -r alrb_release alrb_platform <<<"$1"
    if [ ! -d "$ALRB_SFT_LCG/views/$alrb_release/$alrb_platform" ] || [ -z "$alrb_platform" ]; then
        echo "Error (views) : views release not found"
        return 64
    fi
    # shellcheck source=/dev/null
    source "$ALRB_SFT_LCG/views/setupViews.sh" "$alrb_release" "$alrb_platform"
}
