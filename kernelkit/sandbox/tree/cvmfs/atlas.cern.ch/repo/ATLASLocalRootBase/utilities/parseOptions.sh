#!/bin/bash
# kernelkit sandbox: behaves like ATLAS' setupATLAS, is not ATLAS software. See SANDBOX.txt.
#
# parseOptions.sh PROGRAM SHORT LONG ARGUMENT...: options first, then -- and the rest, quoted for eval.
# SHORT and LONG are words separated by blanks; one that takes a value ends with a colon.

program="$1"
read -r -a short <<<"$2"
read -r -a long <<<"$3"
shift 3

fail() {
    echo "$program: $1" 1>&2
    echo "'$program --help' for more information" 1>&2
    exit 1
}

has() {
    local wanted="$1" word
    shift
    for word in "$@"; do
        [ "$word" = "$wanted" ] && return 0
    done
    return 1
}

options=() rest=()
while [ $# -gt 0 ]; do
    case "$1" in
        --)
            shift
            rest+=("$@")
            break
            ;;
        --*=*)
            name="${1#--}"
            has "${name%%=*}:" "${long[@]}" || fail "unrecognized option '$1'"
            options+=("--${name%%=*}" "${name#*=}")
            ;;
        --*)
            if has "${1#--}:" "${long[@]}"; then
                [ $# -gt 1 ] || fail "option '$1' requires an argument"
                options+=("$1" "$2")
                shift
            else
                has "${1#--}" "${long[@]}" || fail "unrecognized option '$1'"
                options+=("$1")
            fi
            ;;
        -?*)
            letters="${1#-}"
            while [ -n "$letters" ]; do
                letter="${letters:0:1}"
                letters="${letters:1}"
                if has "$letter:" "${short[@]}"; then
                    if [ -z "$letters" ]; then
                        [ $# -gt 1 ] || fail "option requires an argument -- '$letter'"
                        letters="$2"
                        shift
                    fi
                    options+=("-$letter" "$letters")
                    letters=""
                else
                    has "$letter" "${short[@]}" || fail "invalid option -- '$letter'"
                    options+=("-$letter")
                fi
            done
            ;;
        *) rest+=("$1") ;;
    esac
    shift
done
printf '%q ' "${options[@]}" -- "${rest[@]}"
