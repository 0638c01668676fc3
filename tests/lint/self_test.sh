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
    sed -i -e 's/^\(CIRCLES\|PAIRS\|FOUND\)_MAX = .*/\1_MAX = 0/' -e 's/^DEPTH_MAX = .*/DEPTH_MAX = 1/' \
        -e 's/^STATEMENTS_MAX = .*/STATEMENTS_MAX = 20/' "$tree"/tests/lint/*.py
    cp "$here/../../.clang-format" "$tree/"
    printf 'int clock_one(void);\n' >"$tree/common/sys/clock.h"
    printf '#include "clock.h"\n\nint clock_one(void)\n{\n    return 1;\n}\n' >"$tree/common/sys/clock.c"
    printf '/* core.h - one. */\nint core_one(void);\n' >"$tree/queen/core/core.h"
    printf '#!/bin/sh\necho one\n' >"$tree/scripts/one"
}

# finds LINT WHY FILE TEXT... - the lint passes without the FILEs and fails with them.
finds() {
    lint=$1 why=$2
    shift 2
    plant_clean
    program=$(echo "$tree/tests/lint/$lint".??)
    "$program" >"$tree/log" 2>&1 || {
        [ $? -eq 77 ] && return
        echo "$lint: complains about a clean tree: $(cat "$tree/log")" >&2
        failed=1
    }
    while [ $# -gt 0 ]; do
        mkdir -p "$tree/${1%/*}"
        # shellcheck disable=SC2059 # the text is the format
        printf "$2" >"$tree/$1"
        shift 2
    done
    if "$program" >"$tree/log" 2>&1; then
        echo "$lint: does not find $why" >&2
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

# repeat COUNT TEXT
repeat() {
    for _ in $(seq "$1"); do printf '%s' "$2"; done
}

finds sizes 'a long file' queen/core/long.c "int x;$(repeat 601 '\n')"
finds sizes 'a long function' queen/core/long.c "void f(void)\n{\n$(repeat 61 '    ;\n')}\n"
finds sizes 'a vague name' queen/core/string_utils.c 'int x;\n'
finds sizes 'a note' queen/core/note.c '/* TO''DO: later */\n'
finds format 'bad format' queen/core/ugly.c 'int  x ;\n'
finds unique_headers 'a header that exists twice' queen/core/clock.h 'int x;\n'
finds shell 'an unquoted word' scripts/two "#!/bin/sh\necho \$1\n"
finds headers 'a header that needs another' queen/core/needy.h 'struct a { size_t x; };\n'
finds headers 'a core that includes sys' queen/core/deep.h '#include "clock.h"\n'
finds headers 'a header in no layer' elsewhere/elsewhere.h 'int x;\n'

finds structure 'a circle' queen/one.h '#include "two.h"\n' queen/two.c '#include "one.h"\n' queen/two.h 'int two;\n'
finds structure 'an include against the direction' queen/core/deep.h '#include "clock.h"\n'
finds structure 'a way round the include folders' common/sys/way.c '#include "../sys/clock.h"\n'
finds structure 'a lower room that reaches up by a path' queen/core/fleet/way.c '#include "rules/high.h"\n' \
    queen/core/rules/high.h 'int high;\n'
finds structure 'a deep core' queen/core/deep.h '#include "core.h"\n'
finds economy 'too many statements' queen/core/long.c "$(repeat 30 '    x = 1;\n')$(repeat 9 '/* why */\n')"
finds economy 'too few comments' queen/core/long.c "$(repeat 15 '    x = 1;\n')"
finds once 'a second reader of the clock' queen/core/late.c 'long now(void)\n{\n    return time(0);\n}\n'
finds once 'a second source of random bytes' queen/dice.c 'int f(void)\n{\n    return getrandom(0, 0, 0);\n}\n'
finds once 'a second check of modes' queen/key.c 'int f(void)\n{\n    return mode & S_IWOTH;\n}\n'
# once_finds WHAT CODE - the code, in a function of a file of its own.
once_finds() {
    finds once "$1" queen/second.c "int f(void)\n{\n    $2;\n}\n"
}
once_finds 'a clock of the loop' 'return uv_clock_gettime(0, 0)'
once_finds 'a clock of the kernel' 'return syscall(SYS_clock_gettime, 0)'
once_finds 'a clock of the process' 'return clock()'
once_finds 'the time of the loop' 'return uv_now(loop)'
once_finds 'numbers that are no secret' 'return rand()'
once_finds 'a second resolver of names' 'return getaddrinfo(name, 0, 0, &list)'
once_finds 'a clock by its address' 'int (*now)(void) = clock_gettime'
once_finds 'a second test for secrets' 'return status.st_mode & 022'
once_finds 'a password that is read beside the secrets' 'return read_all(login->password_file)'
once_finds 'a second opener of files' 'return fopen(path, "re")'
once_finds 'a broker URI that is compared' 'return strncmp(uri, "mqtt:", 5)'
once_finds 'a broker URI that is scanned' 'return sscanf(uri, "x", &host)'
once_finds 'a second event loop' 'return uv_loop_new()'
once_finds 'the default event loop' 'return uv_default_loop()'
once_finds 'another MQTT library' 'return MQTTAsync_create(0)'
once_finds 'a second table' 'return scols_new_table()'
once_finds 'a second list of states' 'const char *names[] = { "suspect", "zombie" }'
finds words 'a literal that is split' queen/core/word.c 'const char *word = "nobody "\n    "answers";\n'
finds words 'a comment of the public header' worker/include/skep/worker.h '/* What the queen is told. */\n'
finds words 'a literal' queen/core/word.c 'const char *word = "nobody answers";\n'
finds words 'a page' docs/page.md 'The queen is told.\n'
finds dialect 'a bare error' queen/core/bare.c 'void f(enum err err)\n{\n    if (err)\n        return;\n}\n'
finds dialect 'a bare error assigned' queen/core/bare.c 'void f(void)\n{\n    if ((err = g()))\n        return;\n}\n'
finds dialect 'a bare error called' queen/core/bare.c 'enum err g(int);\nvoid f(void)\n{\n    if (g(1))\n        return;\n}\n'
finds dialect 'a wide sizeof' queen/core/wide.c 'int f(int *x)\n{\n    return sizeof(*x);\n}\n'
finds dialect 'a blank line after declarations' queen/core/gap.c 'void f(void)\n{\n    int x = 1;\n\n    g(x);\n}\n'
lines='    if (one(a) && two(b))\n        return 1;\n    while (three(a, b) > 7)\n        four();\n'
finds duplicates 'the same code under other names' \
    queen/one.c "int f(int a, int b)\n{\n$(repeat 4 "$lines")}\n" \
    hive/two.c "int g(int x, int y)\n{\n$(repeat 4 "$lines" | sed 's/one/eins/g; s/four/vier/g; s/7/8/g')}\n"

# It reads the compiler's commands of a build.
if command -v clang-tidy >/dev/null; then
    plant_clean
    cp "$here/../../.clang-tidy" "$tree/"
    for name in fine freed; do
        printf '{"directory":"%s","command":"cc -c queen/%s.c","file":"queen/%s.c"},\n' "$tree" $name $name
    done | sed '1s/^/[/; $s/,$/]/' >"$tree/compile_commands.json"
    printf 'int f(void);\nint f(void)\n{\n    return 1;\n}\n' >"$tree/queen/fine.c"
    "$tree/tests/lint/tidy.sh" "$tree" queen >"$tree/log" 2>&1 || { cat "$tree/log" >&2 && failed=1; }
    printf '#include <stdlib.h>\nint g(char *x);\nint g(char *x)\n{\n    free(x);\n    return *x;\n}\n' >"$tree/queen/freed.c"
    if "$tree/tests/lint/tidy.sh" "$tree" queen >"$tree/log" 2>&1; then
        echo "tidy: does not find memory that is used after it was freed" >&2
        failed=1
    fi
fi

plant_clean
"$here/symbols.sh" "$(archive 'int f(void) { return 1; }')" || failed=1
for call in 'time(0)' 'socket(1, 1, 0)' 'pthread_self()' 'puts("")' 'cJSON_Parse("")' 'mosquitto_lib_init()'; do
    if "$here/symbols.sh" "$(archive "int f(void) { return (int)(long)$call; }" 2>"$tree/log")" 2>>"$tree/log"; then
        echo "symbols: does not find $call" >&2
        failed=1
    fi
done
"$here/symbols.sh" "$(archive 'int cJSON_Delete(void); int f(void) { return cJSON_Delete(); }')" '^cJSON_' || failed=1

printf 'int main(int argc, char **argv) { volatile char at[9000]; at[argc] = **argv; return at[1]; }\n' >"$tree/main.c"
walls='-fcf-protection -fstack-clash-protection'
# shellcheck disable=SC2086 # a list of flags
gcc $walls -fPIE -pie -Wl,-z,relro,-z,now -o "$tree/program" "$tree/main.c"
"$here/hardening.sh" "$tree/program" || failed=1
for flags in '-fPIE -pie -Wl,-z,relro,-z,now -fcf-protection=none' \
    '-fPIE -pie -Wl,-z,relro,-z,now -fno-stack-clash-protection' '-no-pie -Wl,-z,relro,-z,now' '-fPIE -pie -Wl,-z,norelro,-z,now' '-fPIE -pie -Wl,-z,relro,-z,lazy' \
    '-fPIE -pie -Wl,-z,relro,-z,now,-z,execstack'; do
    # shellcheck disable=SC2086 # a list of flags
    gcc $walls $flags -o "$tree/program" "$tree/main.c" 2>/dev/null
    if "$here/hardening.sh" "$tree/program" 2>/dev/null; then
        echo "hardening: does not find $flags" >&2
        failed=1
    fi
done

exit $failed
