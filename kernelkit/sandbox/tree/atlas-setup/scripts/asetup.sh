# shellcheck shell=bash
# kernelkit sandbox: behaves like ATLAS' asetup, is not ATLAS software. See SANDBOX.txt.
#
# Deliberate faults, all of them the real script's:
#  - it writes .asetup.save into the current folder, and without arguments obeys the one that lies there;
#  - the current folder becomes TestArea;
#  - without arguments of its own it takes those of whoever sources it.

asetup_main() {
    local words="$*" project="" version="" word home platform
    if [ -z "$words" ]; then
        if [ ! -r "$PWD/.asetup.save" ]; then
            echo "AtlasSetup(ERROR): no arguments, and no .asetup.save in $PWD"
            return 1
        fi
        read -r words <"$PWD/.asetup.save"
    fi
    for word in ${words//,/ }; do
        case "$word" in
            [A-Z]*) project="$word" ;;
            [0-9]*.[0-9]*) version="$word" ;;
        esac
    done
    home=$(echo "$ALRB_cvmfs_repo/sw/software"/*/"$project/$version")
    if [ -z "$project" ] || [ -z "$version" ] || [ ! -d "$home" ]; then
        echo "AtlasSetup(ERROR): No release candidates found for $words"
        return 1
    fi
    platform=$(basename "$(echo "$home/InstallArea"/*)")
    if ! echo "$project,$version" 2>/dev/null >"$PWD/.asetup.save"; then
        echo "AtlasSetup(WARNING): $PWD/.asetup.save could not be written"
    fi
    export AtlasProject="$project" AtlasVersion="$version" AtlasReleaseType="stable" AtlasBuildBranch=""
    AtlasBuildBranch=$(basename "$(dirname "$(dirname "$home")")")
    export AtlasBaseDir="${home%/*/*}" AtlasBuildStamp="sandbox" TestArea="$PWD"
    export BINARY_TAG="$platform" CMTCONFIG="$platform"
    home="$home/InstallArea/$platform"
    # shellcheck source=/dev/null
    source "$home/setup.sh"
    echo "Using $project/$version [cmake] with platform $platform"
    printf '\tat %s\n' "$home"
}

asetup_main "$@"
