#!/usr/bin/python3
"""once.py - each mechanism stands once in the product: a second reader of the clock, parser of a broker's URI, MQTT client and so
on is found by what only it can need. Tests and benchmarks measure and connect for themselves."""
import re
import sys

import c_source

# What, the code that shows it (comments removed), and the one file where it stands; a number is how many files have it as
# long as there are too many of them: it only falls.
MECHANISMS = [
    ("reader of the clock", r"\b(clock_gettime|gettimeofday|timespec_get|uv_hrtime|time)\(", "common/sys/clock.c"),
    ("source of random bytes", r"\b(getrandom|getentropy|arc4random\w*|RAND_bytes)\(|/dev/u?random", "common/sys/entropy.c"),
    ("reader of secrets", r"\bS_IW(GRP|OTH)\b", "common/sys/secret.c"),
    ("finder of the program's own path", r'readlink\("/proc/self/exe"|\bAT_EXECFN\b', "common/sys/own_path.c"),
    ("parser of a broker's URI", r'"mqtts?://"', "common/mqtt/broker_uri.c"),
    ("MQTT client", r"\bmosquitto_new\(", "common/mqtt/mqtt_setup.c"),
    ("reason texts of the TLS library", r"\bX509_verify_cert_error_string\(|\bSSL_get_verify_result\(", "common/mqtt/mqtt_tls.c"),
    ("event loop", r"\buv_loop_init\(", "common/io/loop.c"),
    ("HTTP server", r"\bMHD_start_daemon\(", "common/io/httpd.c"),
    ("HTTP client", r"\bcurl_easy_init\(", "common/io/http_easy.c"),
    ("driver of a core", r"\bkind = INPUT_TICK\b", 2),  # common/daemon/daemon.c, and the thread of the library
    ("requester", r"[!=]= MQTT_NO_SUBSCRIBER\b", "common/proto/requester.c"),
    ("keeper of its own presence", r"\bDEATH_CONNECTION_LOST\b", "common/proto/member.c"),
    ("voice to systemd", r'getenv\("NOTIFY_SOCKET"', "common/io/notify.c"),
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
        if isinstance(where, str):
            found = {path: line for path, line in found.items() if path != where}
            if not found:
                continue
        elif len(found) <= where:
            continue
        failed = True
        for path, line in sorted(found.items()):
            print(f"{path}:{line}: another {what}" + (f"; the one is {where}" if isinstance(where, str) else ""),
                  file=sys.stderr)
    print(f"once: {len(MECHANISMS)} mechanisms in {len(code)} files")
    return 1 if failed else 0


sys.exit(main())
