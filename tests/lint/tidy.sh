#!/bin/sh
# tidy.sh BUILD_DIR FOLDER - clang-tidy over the sources of FOLDER, as .clang-tidy says. BUILD_DIR holds
# compile_commands.json. Without clang-tidy: exit 77, which ctest shows as skipped.
set -eu

build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
folder=$2
command -v clang-tidy >/dev/null || { echo "tidy: clang-tidy is not installed" >&2 && exit 77; }

failed=0
files=$(tests/lint/sources.sh "$folder/*.c" | grep -x "$folder/[^/]*")
# One process per file: with several, version 14 carries the state of va_list from one to the next.
for file in $files; do
    checks=
    # The macros of uthash and utlist lead the path analyzer astray (a null table, memory freed twice), and it takes what
    # auto_free frees for lost.
    if grep -qE 'HASH_(ADD|DEL|ITER)|DL_DELETE' "$file"; then
        checks='-clang-analyzer-*'
    elif grep -q 'auto_free(' "$file"; then
        checks='-clang-analyzer-unix.Malloc'
    fi
    clang-tidy --quiet -p "$build" --warnings-as-errors='*' --checks="$checks" "$file" || failed=1
done
exit $failed
