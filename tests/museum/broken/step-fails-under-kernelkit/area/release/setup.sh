[ ! -e "${BASH_SOURCE%/*}/broken" ] || { echo "the last words of the vendor"; return 3; }
