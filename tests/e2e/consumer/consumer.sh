#!/bin/sh
# consumer.sh BUILD LIBDIR - installs libskep-worker into a folder of its own and builds programs against what is there:
# C and C++, found by pkg-config and by find_package. Then looks at what the library exports.
set -eu

build=$1
libdir=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" --component worker-library >"$work/install.log"
lib=$work/prefix/$libdir
export PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib"

echo "by pkg-config"
flags=$(pkg-config --cflags --libs skep-worker)
# shellcheck disable=SC2086 # the flags are words
cc -std=c11 -Wall -Wextra -Werror -pedantic "$here/consumer.c" -o "$work/c" $flags
# shellcheck disable=SC2086
c++ -std=c++11 -Wall -Wextra -Werror -pedantic "$here/consumer.cpp" -o "$work/cpp" $flags
"$work/c"
"$work/cpp"

echo "the program of README.md"
# shellcheck disable=SC2016 # the fence of a block
sed -n '/^```c$/,/^```$/p' "$here/../../../README.md" | sed '1d;$d' >"$work/readme.c"
# shellcheck disable=SC2086
cc -std=c11 -Wall -Wextra -Werror -pedantic "$work/readme.c" -o "$work/readme" $flags
"$work/readme" && { echo "no broker, and yet it closed well" >&2 && exit 1; }

echo "by find_package"
cmake -G Ninja -S "$here/project" -B "$work/project" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log"
cmake --build "$work/project" >"$work/build.log"
"$work/project/consumer_c"
"$work/project/consumer_cpp"

echo "exports"
others=$(nm -D --defined-only "$lib/libskep-worker.so" | grep -vE ' (T skep_worker_[a-z_]+@@SKEP_WORKER_0|A SKEP_WORKER_0)$' || true)
[ -z "$others" ] || { echo "exported, but not the interface: $others" >&2 && exit 1; }
declared=$(grep -oE '\bskep_worker_[a-z_]+\(' "$work/prefix/include/skep/worker.h" | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$lib/libskep-worker.so" | grep -oE 'skep_worker_[a-z_]+' | sort -u)
[ "$declared" = "$exported" ] || { echo "header and library differ: $declared / $exported" >&2 && exit 1; }
soname=$(objdump -p "$lib/libskep-worker.so" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = libskep-worker.so.0 ] || { echo "soname $soname" >&2 && exit 1; }
