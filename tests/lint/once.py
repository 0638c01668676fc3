#!/usr/bin/python3
"""once.py - each mechanism stands once in the product: a second reader of the clock, parser of a broker's URI, MQTT client and so
on is found by what only it can need. Tests and benchmarks measure and connect for themselves. It knows calls and literals by
their names, line by line: one that is written without them (a parser that compares single characters) it does not see."""
import re
import sys

import c_source

# What, the code that shows it (comments removed), and the file where it stands, or the files that may have it; a number is
# how many files have it as long as there are too many of them: it only falls.
MECHANISMS = [
    ("reader of the clock", r"\b(\w*clock_gettime\w*|gettimeofday|timespec_get|uv_hrtime|time\(|(?<!-> )(?<!->)\bclock\()", "common/sys/clock.c"),
    ("reader of the loop's time", r"\buv_now\(", "common/io/loop.c"),
    ("source of random bytes", r"\b(getrandom|getentropy|arc4random\w*|RAND_bytes|s?rand(om)?(_r)?|[dejlmn]rand48)\(|/dev/u?random", "common/sys/entropy.c"),
    ("check of owner and mode", r"\bS_I(W|RW?X)?(GRP|OTH|RWXG|RWXO)\b|\bst_mode & 0", "common/sys/trust.c"),
    ("user of the password file", r"\bpassword_file\b",
     ("common/mqtt/broker_login.h", "common/mqtt/broker_login.c", "common/mqtt/mqtt_options.c",
      "common/mqtt/mqtt_setup.c", "common/io/service.c", "hive/hive_conf.c", "worker/agent/agent_run.c",
      "worker/lib/skep_worker.c", "worker/include/skep/worker.h")),
    ("opener of files", r"\b(f?open(at)?|freopen|\w*open64)\(",
     ("common/sys/read_file.c", "common/sys/nowait.c", "common/sys/proc.c", "common/sys/trust.c", "common/sys/fd.c")),
    ("finder of the program's own path", r'readlink\("/proc/self/exe"|\bAT_EXECFN\b', "common/sys/own_path.c"),
    ("parser of a broker's URI", r'"mqtts?:(//)?"|\w*(cmp|strstr|scanf)\([^;]*"mqtts?:', "common/mqtt/broker_uri.c"),
    ("parser by scanf", r"\bv?[fs]?scanf\b", ()),
    ("resolver of names", r"\bgetaddrinfo(_a)?\(|\bgethostby\w+\(",
     ("common/mqtt/resolver.c", "common/io/httpd_socket.c")),  # the latter the address to listen on, once
    ("MQTT client", r"\bmosquitto_new\b|\bMQTT(Async|Client)_create\w*", "common/mqtt/mqtt_setup.c"),
    ("reason texts of the TLS library", r"\bX509_verify_cert_error_string\(|\bSSL_get_verify_result\(", "common/mqtt/mqtt_tls.c"),
    ("event loop", r"\buv_(loop_init|loop_new|default_loop)\b", "common/io/loop.c"),
    ("starter of processes", r"\buv_spawn\(|\bposix_spawnp?\(|\bv?fork\(|\bsystem\(|\bpopen\(", ("common/io/loop_child.c", "worker/agent/guard.c", "cli/daemon_program.c")),
    ("HTTP server", r"\bMHD_start_daemon\(", "common/io/httpd.c"),
    ("HTTP client", r"\bcurl_easy_init\(", "common/io/http_easy.c"),
    ("driver of a core", r"\bkind = INPUT_TICK\b", 2),  # common/daemon/daemon.c, and the thread of the library
    ("requester", r"[!=]= MQTT_NO_SUBSCRIBER\b", "common/proto/requester.c"),
    ("keeper of its own presence", r"\bDEATH_CONNECTION_LOST\b", "common/proto/member.c"),
    ("voice to systemd", r'getenv\("NOTIFY_SOCKET"', "common/io/notify.c"),
    ("loader of libraries", r"\bdlm?open\(|\bdlv?sym\(", "hive/gpu_nvml.c"),
    ("database", r"\bsqlite3_open\w*\(", "queen/store_sqlite.c"),
    ("table on the terminal", r"\bscols_new_table\b", "cli/core/worker_table.c"),
    ("list of states", r'"(suspect|zombie|unreachable)"',  # of errors; one state each to compare with
     ("common/proto/vocabulary.h", "common/base/err.h", "worker/core/worker_receive.c", "cli/wait.c")),
]


def code_of(path):
    """The file's lines without comments: [(line, text, text without what literals hold)]."""
    lines = {}
    for token in c_source.tokens(c_source.text_of(path), directives=True):
        text = lines.setdefault(token.line, ["", ""])
        bare = '""' if token.kind == "string" else token.text
        for i, word in enumerate((token.text, bare)):
            text[i] += ("" if word == "(" or text[i].endswith("(") else " ") + word
    return [(line, *texts) for line, texts in sorted(lines.items())]


def main():
    code = {path: code_of(path) for path in c_source.product_files()}
    failed = False
    for what, shows, where in MECHANISMS:
        literal = '"' in shows or "/" in shows
        found = {path: line for path, lines in code.items() for line, text, bare in lines
                 if re.search(shows, text if literal else bare)}
        places = (where,) if isinstance(where, str) else where
        if isinstance(places, tuple):
            found = {path: line for path, line in found.items() if path not in places}
        elif len(found) <= places:
            continue
        failed = failed or bool(found)
        for path, line in sorted(found.items()):
            print(f"{path}:{line}: another {what}" + (f"; it stands in {', '.join(places)}" if isinstance(places, tuple) else ""),
                  file=sys.stderr)
    print(f"once: {len(MECHANISMS)} mechanisms in {len(code)} files")
    return 1 if failed else 0


sys.exit(main())
