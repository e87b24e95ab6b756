# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.
#
# Deliberate faults, all of them the real script's:
#  - without arguments of its own it parses those of the script that sources it;
#  - `eval set --` and `shift` run in the scope that sources it;
#  - an unset variable is read (ends a shell with set -u), and a plain assignment takes the status of a
#    pipeline that finds nothing (ends a shell with set -e, silently).

export ATLAS_LOCAL_SETUP_OPTIONS="$*"

# shellcheck source=/dev/null
source "$ATLAS_LOCAL_ROOT_BASE/utilities/setupFunctions.sh"

if [ -z "$ALRB_RELOCATECVMFS" ]; then
    export ALRB_RELOCATECVMFS="NO"
fi

alrb_fn_setupBase || return 64

alrb_opts=$("$ATLAS_LOCAL_ROOT_BASE/utilities/parseOptions.sh" atlasLocalSetup.sh \
    "h q p r 3 b e t: o: c: m: s:" \
    "help quiet noLocalPostSetup relocateCvmfs test: overrideARCH: container: rootVersion: pythonVersion: gccVersion:" \
    "$@") || return 64
eval set -- "$alrb_opts"

alrb_Quiet="NO"
alrb_noLocalPostSetup="NO"
alrb_container=""
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help)
            alrb_fn_setupHelp
            return 0
            ;;
        -q | --quiet) alrb_Quiet="YES"; shift ;;
        -p | --noLocalPostSetup) alrb_noLocalPostSetup="YES"; shift ;;
        -r | --relocateCvmfs | -3 | -b | -e) shift ;;
        -c | --container) alrb_container="$2"; shift 2 ;;
        -t | --test | -o | --overrideARCH | -m | -s) shift 2 ;;
        --rootVersion | --pythonVersion | --gccVersion)
            echo "option $1 is obsolete.  Please do not use it." 1>&2
            shift 2
            ;;
        --)
            shift
            break
            ;;
        *)
            echo "Internal Error: option processing error: $1" 1>&2
            return 1
            ;;
    esac
done

shopt -s expand_aliases
# shellcheck disable=SC2139
alias setupATLAS='source "$ATLAS_LOCAL_ROOT_BASE/user/atlasLocalSetup.sh"'
alias localSetupROOT='source "$ATLAS_LOCAL_ROOT_BASE/utilities/oldAliasSetup.sh" root'
alias showVersions='"$ATLAS_LOCAL_ROOT_BASE/swConfig/showVersions.sh"'

if [ "$alrb_container" != "" ]; then
    # As the real one: the payload is evaluated in a child, elsewhere. The sandbox has no container to do it in.
    echo "Warning: the sandbox has no containers; $alrb_container is the machine itself." 1>&2
    (
        cd / || exit 64
        export ALRB_SANDBOX_CONTAINER="$alrb_container"
        eval "$ALRB_CONT_RUNPAYLOAD"
    )
    return $?
fi

alrb_result=$(echo "$ATLAS_LOCAL_ROOT_BASE" | grep -e "^/cvmfs/atlas.cern.ch/repo/a-place-that-is-not-there")

if [ -n "$SANDBOX_DELAY" ]; then
    sleep "$SANDBOX_DELAY"
fi

if [ "$ALRB_SANDBOX_NO_NESTED_SOURCE" = "" ]; then
    # A source, or a call of a function, makes bash forget that this script has changed the arguments: so the
    # caller keeps its own.
    # shellcheck source=/dev/null
    source "$ATLAS_LOCAL_ROOT_BASE/swConfig/Pre/lsetup/menu.sh"
    # shellcheck source=/dev/null
    source "$ATLAS_LOCAL_ROOT_BASE/swConfig/root/menu.sh"
    alrb_fn_localPostSetup
else
    alrb_AvailableToolsPre=" lsetup"
    alrb_AvailableTools=" root"
    if [ "$alrb_Quiet" = "NO" ]; then
        "$ATLAS_LOCAL_ROOT_BASE/swConfig/printMenu.sh"
    fi
fi

export ALRB_availableToolsPre="$alrb_AvailableToolsPre"
export ALRB_availableTools="$alrb_AvailableTools gcc python views"
export ALRB_availableToolsPost=""
export ALRB_useGridSW="0"
export ALRB_testPath=",,"
if [ -z "$MANPATH" ]; then
    export MANPATH=/usr/local/share/man:/usr/share/man
fi

unset alrb_opts alrb_Quiet alrb_noLocalPostSetup alrb_container alrb_result alrb_AvailableTools alrb_AvailableToolsPre
