#!/bin/sh
# sizes.sh - files have at most 600 lines, functions at most 60, and nothing has a name or a note that says nothing.
set -u

cd "$(dirname "$0")/../.." || exit 1
failed=0

# forbid WHAT FOUND - FOUND is one complaint per line, or empty.
forbid() {
    [ -n "$2" ] || return 0
    echo "$2" | sed "s|\$|: $1|" >&2
    failed=1
}

all=$(tests/lint/sources.sh '*.c' '*.h' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' 'scripts/*' '.ci/*' 'broker-config/*')
[ -n "$all" ] || failed=1

# shellcheck disable=SC2086 # a list of files
long_files=$(wc -l $all | awk '$2 != "total" && $1 > 600 { print $2 " (" $1 " lines)" }')
forbid "more than 600 lines" "$long_files"

# The braces of a function stand in the first column, and nothing else does so without `;` or `,` behind it.
long_functions=$(tests/lint/sources.sh '*.c' '*.h' | xargs awk '
    FNR == 1 { start = 0 }
    /^\{/ { start = FNR }
    /^\}[ \t]*$/ && start { if (FNR - start - 1 > 60) print FILENAME ":" start " (" FNR - start - 1 " lines)"; start = 0 }')
forbid "a function of more than 60 lines" "$long_functions"

vague=$(echo "$all" | grep -E '(^|/|_)(util|utils|misc|helper|helpers)(_[a-z]*)?(\.|/|$)')
forbid "a name that says nothing" "$vague"

# The words are spelt so that this file does not hold them.
# shellcheck disable=SC2086
notes=$(grep -nwE 'TO[D]O|FIX[M]E|X[X]X|HAC[K]' $all)
forbid "a note instead of an issue" "$notes"

exit $failed
