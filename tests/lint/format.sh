#!/bin/sh
# format.sh - every C file is as clang-format 14 (Debian 12's) leaves it. Other versions format differently: exit 77,
# which ctest shows as skipped.
set -eu

cd "$(dirname "$0")/../.."
format=
for candidate in clang-format-14 clang-format; do
    case $("$candidate" --version 2>/dev/null || true) in
    *'version 14.'*) format=$candidate && break ;;
    esac
done
[ -n "$format" ] || { echo "format: clang-format 14 is not installed" >&2 && exit 77; }
tests/lint/sources.sh '*.c' '*.h' | xargs "$format" --dry-run -Werror
