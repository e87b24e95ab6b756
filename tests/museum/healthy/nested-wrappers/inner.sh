exec /bin/sh "${0%/*}/innermost.sh" "$@"
