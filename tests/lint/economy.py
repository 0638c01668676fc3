#!/usr/bin/python3
"""economy.py - how many statements and declarations the product's C has, and how many comments to them. A line counts that is
no blank line, comment, lone brace or preprocessor line. Prints the figures, by folder with -v."""
import collections
import sys

import c_source

STATEMENTS_MAX = 32000  # 1,200 of them for skep-probe, 600 for feeds, 700 for GPUs, 1,200 for devices of other systems, 1,000 for metrics
COMMENTS_MIN = 0.100  # to a statement


def kind_of(line):
    if not line:
        return "blank"
    if line.startswith("#"):
        return "preprocessor"
    if line.startswith(("/*", "//")):
        return "comment"
    return "brace" if line in ("{", "}", "};", "},") else "statement"


def count(text):
    kinds, in_comment = collections.Counter(), False
    for line in map(str.strip, text.splitlines()):
        kind = "comment" if in_comment else kind_of(line)
        kinds[kind] += 1
        if in_comment:
            in_comment = "*/" not in line
        elif "/*" in line and kind != "preprocessor":
            in_comment = "*/" not in line
    return kinds


def main():
    total, folders = collections.Counter(), collections.Counter()
    for path in c_source.product_files():
        kinds = count(c_source.text_of(path))
        total += kinds
        folders["/".join(path.split("/")[:2])] += kinds["statement"]
    statements, density = total["statement"], total["comment"] / max(1, total["statement"])
    print(f"economy: {statements} statements and declarations (at most {STATEMENTS_MAX}), "
          f"{density:.4f} comments to each (at least {COMMENTS_MIN:.3f})")
    if "-v" in sys.argv:
        for folder, number in sorted(folders.items()):
            print(f"{number:6} {folder}")
    if statements > STATEMENTS_MAX:
        print("economy: too many statements: find what stands twice", file=sys.stderr)
    if density < COMMENTS_MIN:
        print("economy: too few comments", file=sys.stderr)
    return 1 if statements > STATEMENTS_MAX or density < COMMENTS_MIN else 0


sys.exit(main())
