#!/bin/sh
# unique_headers.sh - includes are flat, so each header name exists once in the tree. The public header is no part of
# that: it is included as skep/worker.h.
set -eu

cd "$(dirname "$0")/../.."
headers=$(tests/lint/sources.sh '*.h' | grep -v '^worker/include/skep/')
twice=$(echo "$headers" | sed 's|.*/||' | sort | uniq -d)
[ -z "$twice" ] && exit 0
for name in $twice; do
    echo "$name exists more than once:" >&2
    echo "$headers" | grep -E "(^|/)$name$" >&2
done
exit 1
