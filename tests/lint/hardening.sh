#!/bin/sh
# hardening.sh FILE... - programs and libraries are position independent, resolve all symbols at start, keep relocated
# data read-only and have no executable stack.
set -u

failed=0
[ $# -gt 0 ] || failed=1
for file; do
    complain() {
        echo "$file: $1" >&2
        failed=1
    }
    header=$(readelf --wide --file-header --program-headers "$file") || { failed=1 && continue; }
    dynamic=$(readelf --wide --dynamic "$file")
    echo "$header" | grep -q 'Type: *DYN' || complain "is not position independent"
    echo "$header" | grep -q 'GNU_RELRO' || complain "leaves relocated data writable"
    echo "$header" | grep 'GNU_STACK' | grep -q 'RWE' && complain "has an executable stack"
    echo "$dynamic" | grep -qE 'BIND_NOW|Flags:.*NOW' || complain "resolves symbols lazily"
done
exit $failed
