#!/usr/bin/python3
"""words.py [-v] [PROGRAM_DIR] - texts that people read use the field's words: string literals of the product, comments of
the public header, the help of the
programs in PROGRAM_DIR, README.md, docs/ and the pages of broker-config/ and bench/. WORDS says what to write instead. -v
prints each line, however few there are."""
import collections
import glob
import os
import re
import subprocess
import sys

import c_source

# What not to write: what to write. Whole words, in any case.
WORDS = {
    r"asks|asked|said|saying|told|heard|hears|says|tells?": "requested, reported, published, received",
    r"patience|moments?|within": "timeout, at most N ms",
    r"looks? at|looks? away|looked at|look": "schedule, unschedule, run",
    r"greeted|resting|rests?|rested": "connected, coalescing; the others",
    r"trying on|nobody answers|is to be had": "retrying; no response; out of, unavailable",
    r"lies? beside|lies? next to|stands? behind|what is gone is ended":
        "is installed next to; arguments after --; removed workers are stopped",
    r"are written down|is written down|none: it cannot|where HTTP is answered|something follows": "say what it is",
    r"beyond the loopback": "a non-loopback address",
    r"(?-i:which [A-Z]{3,})": "missing WORKER argument",
    r"proofs?|proved|proven": "barrier, confirmed, last packet",
    r"standing|endings?|remains|strangers?|upto": "snapshot, exit status, leftovers, adopted, up to",
    r"bury|buried|lift|lifted|hearsay": "tombstone; stored only",
    r"gives? way|is in the way": "may be replaced; conflicts with",
}
PATTERN = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b", re.IGNORECASE)

# Literals that are no text: values of fields, whose names are the protocol's.
VALUES = {"heard"}

END = c_source.Token("end", "", 0)

FOUND_MAX = 0


def literals():
    for path in c_source.product_files():
        text, line = "", 0
        for token in [*c_source.tokens(c_source.text_of(path), directives=True), END]:
            if token.kind == "string":  # those side by side are one
                line = line if text else token.line
                text += "" if token.text.endswith('.h"') else c_source.string_text(token)
            elif text:
                if text not in VALUES:
                    yield path, line, text
                text = ""


def public_comments():
    for path in c_source.product_files():
        if "/include/skep/" in path:
            for match in c_source.TOKEN.finditer(c_source.text_of(path)):
                if match.lastgroup == "comment":
                    yield path, c_source.text_of(path).count("\n", 0, match.start()) + 1, match.group()


def pages():
    for path in c_source.project_files("README.md", "docs/*.md", "broker-config/*.md", "bench/*.md"):
        for number, line in enumerate(c_source.text_of(path).splitlines(), 1):
            yield path, number, line


def help_of(folder):
    """Of every program, and of every command of `skep`."""
    for program in sorted(glob.glob(os.path.join(folder, "skep*"))):
        calls = [[program]]
        if os.path.basename(program) == "skep":
            top = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
            calls += [[program, word] for word in re.findall(r"^  ([a-z]+)  ", top[top.index("\nCommands"):], re.M)]
        for call in calls:
            shown = subprocess.run(call + ["--help"], capture_output=True, text=True, check=False)
            if shown.returncode != 0 or not shown.stdout:
                raise SystemExit(f"{' '.join(call)} --help: exit {shown.returncode}")
            for number, line in enumerate(shown.stdout.splitlines(), 1):
                yield " ".join([os.path.basename(call[0]), *call[1:], "--help"]), number, line


def main():
    texts = [*literals(), *public_comments(), *pages()]
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    for folder in folders:
        texts += help_of(folder)
    found = collections.defaultdict(list)
    for path, number, text in texts:
        for match in PATTERN.finditer(text):
            found[path].append(f"{path}:{number}: \"{match.group()}\" in: {' '.join(text.split())[:100]}")
    total = sum(map(len, found.values()))
    print(f"words: {total} (at most {FOUND_MAX}) in {len(found)} of {len({path for path, _, _ in texts})} texts")
    if total > FOUND_MAX or "-v" in sys.argv:
        for _, hits in sorted(found.items()):
            print("\n".join(hits), file=sys.stderr)
    return 1 if total > FOUND_MAX else 0


sys.exit(main())
