#!/bin/sh
# shell.sh - every shell script passes shellcheck. Without it: exit 77, which ctest shows as skipped.
set -eu

cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || { echo "shell: shellcheck is not installed" >&2 && exit 77; }
scripts=$(tests/lint/sources.sh '*' | xargs awk 'FNR == 1 && /^#!\/(usr\/)?bin\/(env )?(sh|bash)$/ { print FILENAME }')
# SC2317: functions that are handed on by name look unreachable.
# shellcheck disable=SC2086 # a list of files
shellcheck --exclude=SC2317 -- $scripts
