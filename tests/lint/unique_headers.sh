#!/bin/sh
# unique_headers.sh - includes are flat, so each header name exists once in the tree.
set -eu

cd "$(dirname "$0")/../.."
twice=$(tests/lint/sources.sh '*.h' | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] && exit 0
for name in $twice; do
    echo "$name exists more than once:" >&2
    tests/lint/sources.sh "*$name" | grep -E "(^|/)$name$" >&2
done
exit 1
