#!/bin/sh
# sources.sh PATTERN... - the project's own files, one per line: what git tracks or would track, else (an exported
# tree) everything but build folders. PATTERN as for `git ls-files`.
set -eu

cd "$(dirname "$0")/../.."
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
        if [ -f "$file" ]; then echo "$file"; fi
    done
else
    for pattern in "$@"; do
        find . \( -path ./build -o -path ./.git \) -prune -o -type f -path "./$pattern" -print | sed 's|^\./||'
    done
fi | sort -u
