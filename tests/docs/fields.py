#!/usr/bin/python3
"""The tables of a page agree with the lists of the program that they are made from: fields of messages, metrics.

    fields.py PROGRAM PAGE [--write]

Between `<!-- fields: NAME -->` and `<!-- end -->` stand the rows that `PROGRAM NAME` prints. --write puts them there.
"""

import re
import subprocess
import sys


def main():
    program, page = sys.argv[1:3]
    with open(page, encoding="utf-8") as file:
        text = file.read()

    def rows(match):
        made = subprocess.run([program, match.group(2)], check=True, capture_output=True, text=True).stdout
        return match.group(1) + made + "<!-- end -->"

    fresh, count = re.subn(r"(<!-- fields: (\w+) -->\n)(?:.*\n)*?<!-- end -->", rows, text)
    if count == 0:
        sys.exit(f"{page}: has no table")
    if "--write" in sys.argv:
        with open(page, "w", encoding="utf-8") as file:
            file.write(fresh)
    elif fresh != text:
        sys.exit(f"{page}: the tables are not those of the program: run {sys.argv[0]} {program} {page} --write")


main()
