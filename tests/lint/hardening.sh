#!/bin/sh
# hardening.sh FILE... - programs and libraries are position independent, resolve all symbols at start, keep relocated
# data read-only and have no executable stack; on x86 each function begins where an indirect branch may land, and large
# frames touch each page.
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
    echo "$header" | grep -q 'Machine: *Advanced Micro Devices X86-64' || continue
    code=$(objdump --disassemble --no-show-raw-insn "$file")
    # The start files of the C library have two.
    [ "$(echo "$code" | grep -c endbr64)" -gt 2 ] || complain "is built without control-flow protection"
    echo "$code" | grep -qE 'sub +[$]0x1000,%rsp' || complain "is built without stack-clash protection"
done
exit $failed
