#!/bin/sh
# sizes.sh - files have at most 400 lines, functions at most 60, and nothing has a name or a note that says nothing.
set -u

cd "$(dirname "$0")/../.." || exit 1
failed=0

complain() {
    sed "s|\$|: $1|" >&2
    failed=1
}

all=$(tests/lint/sources.sh '*.c' '*.h' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' 'scripts/*' '.ci/*' 'broker-config/*')
[ -n "$all" ] || failed=1

# shellcheck disable=SC2086 # a list of files
long_files=$(wc -l $all | awk '$2 != "total" && $1 > 400 { print $2 " (" $1 " lines)" }')
[ -z "$long_files" ] || echo "$long_files" | complain "more than 400 lines"

# The braces of a function stand in the first column, and nothing else does so without `;` or `,` behind it.
long_functions=$(tests/lint/sources.sh '*.c' '*.h' | xargs awk '
    FNR == 1 { start = 0 }
    /^\{/ { start = FNR }
    /^\}[ \t]*$/ && start { if (FNR - start - 1 > 60) print FILENAME ":" start " (" FNR - start - 1 " lines)"; start = 0 }')
[ -z "$long_functions" ] || echo "$long_functions" | complain "a function of more than 60 lines"

vague=$(echo "$all" | grep -E '(^|/|_)(util|utils|misc|helper|helpers|common_stuff)(_[a-z]*)?(\.|/|$)')
[ -z "$vague" ] || echo "$vague" | complain "a name that says nothing"

# The words are spelt so that this file does not hold them.
# shellcheck disable=SC2086
notes=$(grep -nwE 'TO[D]O|FIX[M]E|X[X]X|HAC[K]' $all)
[ -z "$notes" ] || echo "$notes" | complain "a note instead of an issue"

exit $failed
