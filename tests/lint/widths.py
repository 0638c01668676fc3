#!/usr/bin/python3
"""widths.py [--write] - lines of the pages have at most 100 columns, and the help of the scripts 80. Tables, links to
elsewhere and what stands in blocks of code may be longer in pages. --write folds the paragraphs that are not."""
import os
import re
import subprocess
import sys
import textwrap

import c_source

PAGE, HELP = 100, 80
PAGES = ("README.md", "docs/deployment.md", "docs/metrics.md", "docs/notify.md", "docs/decisions/*.md",
         "broker-config/*.md", "bench/*.md")
SCRIPTS = ("bench", "demo", "fleet-lab", "install-packages", "mutate", "test")
ITEM = re.compile(r"( *)((?:[-*]|\d+\.) +)?")
BEGINS_ANEW = re.compile(r" *(?:[-*+] |\d+[.)] |#|>|\||```)")


def paragraphs(text):
    """(line number, lines, whether it may be folded) of each."""
    lines, begun, code = [], 1, False
    for number, line in enumerate(text.splitlines(), 1):
        fence = line.lstrip().startswith("```")
        apart = code or fence or not line.strip() or line.lstrip().startswith(("|", "#", ">"))
        if lines and (apart or ITEM.match(line)[2]):
            yield begun, lines, True
            lines = []
        code ^= fence
        if apart:
            yield number, [line], False
        else:
            begun = begun if lines else number
            lines.append(line)
    if lines:
        yield begun, lines, True


def folded(lines):
    indent, marker = ITEM.match(lines[0]).groups(default="")
    words = " ".join(line.strip() for line in lines)[len(marker):]
    result = textwrap.wrap(words, PAGE, initial_indent=indent + marker, subsequent_indent=" " * len(indent + marker),
                           break_long_words=False, break_on_hyphens=False)
    return lines if any(BEGINS_ANEW.match(line) for line in result[1:]) else result


def too_wide(path):
    """Lines that are; with --write what can be folded is."""
    text, found, result = c_source.text_of(path), [], []
    for number, lines, may_fold in paragraphs(text):
        if may_fold and max(map(len, lines)) > PAGE:
            if "--write" in sys.argv:
                lines = folded(lines)
            found += [f"{path}:{number + n}: {len(line)} columns" for n, line in enumerate(lines)
                      if len(line) > PAGE and " " in line.strip()]
        result += lines
    if "--write" in sys.argv and result != text.splitlines():
        with open(os.path.join(c_source.ROOT, path), "w", encoding="utf-8") as page:
            page.write("\n".join(result) + "\n")
    return found


def too_wide_help(script):
    path = os.path.join(c_source.ROOT, "scripts", script)
    shown = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=60, check=False)
    if shown.returncode != 0 or not shown.stdout:
        return [f"scripts/{script} --help: exit {shown.returncode}"]
    return [f"scripts/{script} --help:{number}: {len(line)} columns"
            for number, line in enumerate(shown.stdout.splitlines(), 1) if len(line) > HELP]


def main():
    found = []
    for path in c_source.project_files(*PAGES):
        found += too_wide(path)
    for script in SCRIPTS:
        found += too_wide_help(script)
    print(f"widths: {len(found)} lines are too wide")
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


sys.exit(main())
