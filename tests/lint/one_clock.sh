#!/bin/sh
# one_clock.sh - one file of the daemons reads the clock, and one of the worker library. Everything else gets the time
# as a parameter. Tests and benchmarks measure for themselves.
set -u

cd "$(dirname "$0")/../.." || exit 1
[ -f common/io/clock.c ] || { echo "common/io/clock.c: gone" >&2 && exit 1; }
readers=$(tests/lint/sources.sh '*.c' '*.h' | grep -vE '^(common/io/clock\.c|worker/lib/[a-z_]*clock\.[ch]|tests/|bench/)' |
    xargs grep -nE '\b(clock_gettime|gettimeofday|timespec_get|uv_hrtime|uv_now|time)\(' |
    grep -vE '^[^:]*:[0-9]*: *(/?\*|//)')
[ -z "$readers" ] && exit 0
echo "$readers" | sed 's|$|: reads the clock|' >&2
exit 1
