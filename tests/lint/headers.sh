#!/bin/sh
# headers.sh - every header compiles alone, with nothing but the include folders that its layer may use.
set -u

cd "$(dirname "$0")/../.." || exit 1

# The include folders of a header's layer; docs/architecture.md is the rule.
includes_of() {
    case $1 in
    common/base/*) echo common/base ;;
    common/proto/*) echo common/base common/proto ;;
    common/sys/*) echo common/base common/sys ;;
    common/mqtt/*) echo common/base common/sys common/mqtt ;;
    common/io/*) echo common/base common/sys common/mqtt common/io ;;
    common/daemon/*) echo common/base common/sys common/mqtt common/proto common/io common/daemon ;;
    queen/core/fleet/*) echo common/base common/proto queen/core/include queen/core/fleet ;;
    queen/core/rules/* | queen/core/include/*) echo common/base common/proto queen/core/include queen/core/fleet queen/core/rules ;;
    queen/core/api/*) echo common/base common/proto queen/core/include queen/core/fleet queen/core/rules queen/core/api ;;
    hive/core/*) echo common/base common/proto hive/core hive/core/include ;;
    worker/core/* | worker/agent/core/*) echo common/base common/proto worker/include "${1%/*}" ;;
    */core/*) echo common/base common/proto "${1%/*}" ;;
    worker/include/*) echo worker/include ;;
    worker/lib/*) echo common/base common/sys common/mqtt common/proto worker/core worker/include worker/lib ;;
    worker/probe/*) echo common/base common/sys common/mqtt common/proto common/io worker/probe worker/probe/core ;;
    worker/*) echo common/base common/sys common/mqtt common/proto common/io worker/include worker/core worker/agent worker/agent/core ;;
    queen/*) echo common/base common/sys common/mqtt common/proto common/io common/daemon queen queen/core/include ;;
    hive/*) echo common/base common/sys common/mqtt common/proto common/io common/daemon hive hive/core hive/core/include ;;
    cli/*) echo common/base common/sys common/mqtt common/proto common/io cli cli/core ;;
    bench/* | tests/*) echo common/base common/sys common/mqtt common/proto common/io common/daemon queen/core/include queen/core/fleet queen/core/rules queen/core/api hive/core hive/core/include worker/core queen worker/include tests/support tests/sim "${1%/*}" ;;
    *) return 1 ;;
    esac
}

compile() {
    language=$1 header=$2
    shift 2
    "${CC:-gcc}" -x "$language" -fsyntax-only -Wall -Wextra -Werror -D_GNU_SOURCE -include "$header" "$@" /dev/null
}

failed=0
checked=0
for header in $(tests/lint/sources.sh '*.h'); do
    folders=$(includes_of "$header") || { echo "$header: in no layer" >&2 && failed=1 && continue; }
    flags=
    for folder in $folders; do flags="$flags -I$folder"; done
    # shellcheck disable=SC2086 # a list of flags
    compile c "$header" -std=c17 $flags || { echo "$header: does not compile alone" >&2 && failed=1; }
    case $header in
    worker/include/*) compile c++ "$header" -std=c++11 || { echo "$header: no C++" >&2 && failed=1; } ;;
    esac
    checked=$((checked + 1))
done
[ "$checked" -gt 0 ] || failed=1
exit $failed
