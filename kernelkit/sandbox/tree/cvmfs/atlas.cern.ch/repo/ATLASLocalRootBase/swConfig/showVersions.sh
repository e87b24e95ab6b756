#!/bin/bash
# kernelkit sandbox: behaves like ATLAS' showVersions, is not ATLAS software. See SANDBOX.txt.

for tool in "${@:-root}"; do
    folder="$tool"
    [ "$tool" = "gcc" ] && folder="Gcc"
    if [ -e "$ATLAS_LOCAL_ROOT/$folder/.alrb/mapfile.txt" ]; then
        echo
        echo "$tool versions;"
        cut -f 4- -d "|" "$ATLAS_LOCAL_ROOT/$folder/.alrb/mapfile.txt" |
            sed -e 's/^/ --> /' -e 's/|/  /g' -e 's/  current/  default/' | LC_ALL=C sort
        echo "Type lsetup \"$tool <value>\" to use $tool"
    else
        echo "Error: unknown tool $tool"
    fi
done
