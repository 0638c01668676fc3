#!/bin/sh
# self_test.sh - each lint lets a clean tree pass and finds the fault that is planted in it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
export GIT_CEILING_DIRECTORIES="${tree%/*}"
trap 'rm -rf "$tree"' EXIT
failed=0

# A small tree without faults; not under git, as an exported one.
plant_clean() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/tests" "$tree/common/sys" "$tree/queen/core" "$tree/scripts"
    cp -r "$here" "$tree/tests/lint"
    cp "$here/../../.clang-format" "$tree/"
    printf 'int clock_one(void);\n' >"$tree/common/sys/clock.h"
    printf '#include "clock.h"\n\nint clock_one(void)\n{\n    return 1;\n}\n' >"$tree/common/sys/clock.c"
    printf 'int core_one(void);\n' >"$tree/queen/core/core.h"
    printf '#!/bin/sh\necho one\n' >"$tree/scripts/one"
}

# finds LINT FILE TEXT WHY - the lint passes without FILE and fails with it.
finds() {
    plant_clean
    "$tree/tests/lint/$1.sh" >"$tree/log" 2>&1 || {
        [ $? -eq 77 ] && return
        echo "$1: complains about a clean tree: $(cat "$tree/log")" >&2
        failed=1
    }
    # shellcheck disable=SC2059 # the text is the format
    printf "$3" >"$tree/$2"
    if "$tree/tests/lint/$1.sh" >"$tree/log" 2>&1; then
        echo "$1: does not find $4" >&2
        failed=1
    fi
}

# archive TEXT - compiles it and prints the archive.
archive() {
    printf '%s\n' "$1" >"$tree/object.c"
    gcc -c -o "$tree/object.o" "$tree/object.c"
    rm -f "$tree/archive.a"
    ar rcs "$tree/archive.a" "$tree/object.o"
    echo "$tree/archive.a"
}

many=$(seq 401 | sed 's/.*/\\n/' | tr -d '\n')
body=$(seq 61 | sed 's/.*/    ;\\n/' | tr -d '\n')

finds sizes queen/core/long.c "int x;$many" 'a long file'
finds sizes queen/core/long.c "void f(void)\n{\n$body}\n" 'a long function'
finds sizes queen/core/string_utils.c 'int x;\n' 'a vague name'
finds sizes queen/core/note.c '/* TO''DO: later */\n' 'a note'
finds format queen/core/ugly.c 'int  x ;\n' 'bad format'
finds unique_headers queen/core/clock.h 'int x;\n' 'a header that exists twice'
finds one_clock queen/core/late.c 'long now(void)\n{\n    return time(0);\n}\n' 'a second reader of the clock'
finds shell scripts/two "#!/bin/sh\necho \$1\n" 'an unquoted word'
finds headers queen/core/needy.h 'struct a { size_t x; };\n' 'a header that needs another'
finds headers queen/core/deep.h '#include "clock.h"\n' 'a core that includes sys'
finds headers elsewhere.h 'int x;\n' 'a header in no layer'

plant_clean
"$here/symbols.sh" "$(archive 'int f(void) { return 1; }')" || failed=1
for call in 'time(0)' 'socket(1, 1, 0)' 'pthread_self()' 'puts("")' 'cJSON_Parse("")' 'mosquitto_lib_init()'; do
    if "$here/symbols.sh" "$(archive "int f(void) { return (int)(long)$call; }" 2>"$tree/log")" 2>>"$tree/log"; then
        echo "symbols: does not find $call" >&2
        failed=1
    fi
done
"$here/symbols.sh" "$(archive 'int cJSON_Delete(void); int f(void) { return cJSON_Delete(); }')" '^cJSON_' || failed=1

printf 'int main(void) { return 0; }\n' >"$tree/main.c"
gcc -fPIE -pie -Wl,-z,relro,-z,now -o "$tree/program" "$tree/main.c"
"$here/hardening.sh" "$tree/program" || failed=1
for flags in '-no-pie -Wl,-z,relro,-z,now' '-fPIE -pie -Wl,-z,norelro,-z,now' '-fPIE -pie -Wl,-z,relro,-z,lazy' \
    '-fPIE -pie -Wl,-z,relro,-z,now,-z,execstack'; do
    # shellcheck disable=SC2086 # a list of flags
    gcc $flags -o "$tree/program" "$tree/main.c" 2>/dev/null
    if "$here/hardening.sh" "$tree/program" 2>/dev/null; then
        echo "hardening: does not find $flags" >&2
        failed=1
    fi
done

exit $failed
