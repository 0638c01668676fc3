#!/bin/sh
# one_clock.sh - one file reads the clock, everything else gets the time as a parameter or from there. Tests and
# benchmarks measure for themselves.
set -u

cd "$(dirname "$0")/../.." || exit 1
[ -f common/sys/clock.c ] || { echo "common/sys/clock.c: gone" >&2 && exit 1; }
readers=$(tests/lint/sources.sh '*.c' '*.h' | grep -vE '^(common/sys/clock\.c|tests/|bench/)' |
    xargs grep -nE '\b(clock_gettime|gettimeofday|timespec_get|uv_hrtime|uv_now|time)\(' |
    grep -vE '^[^:]*:[0-9]*: *(/?\*|//)')
[ -z "$readers" ] && exit 0
echo "$readers" | sed 's|$|: reads the clock|' >&2
exit 1
