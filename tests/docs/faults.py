#!/usr/bin/python3
"""Each line of the tables of faults names tests that exist, and each test of faults.* is named there.

    faults.py CTEST BUILD_DIR PAGE
"""

import re
import subprocess
import sys

NOT_FAULTS = {"faults.oracle"}  # the judge's own test


def main():
    ctest, folder, page = sys.argv[1:]
    listed = subprocess.run([ctest, "--test-dir", folder, "-N"], check=True, capture_output=True, text=True).stdout
    tests = set(re.findall(r"^ +Test +#\d+: (\S+)", listed, re.M))
    with open(page, encoding="utf-8") as file:
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in file if re.match(r"\| (?!fault )", line)]
    named = [(row[0].strip(), re.findall(r"`([\w.]+)`", row[-1])) for row in rows]
    bad = [f"'{fault}' has no test" for fault, names in named if not names]
    bad += [f"'{fault}': there is no test {name}" for fault, names in named for name in names if name not in tests]
    bad += [f"{name} is not named" for name in sorted(tests - {name for _, names in named for name in names} - NOT_FAULTS)
            if name.startswith("faults.")]
    if bad or not rows:
        sys.exit(f"{page}: " + ("\n".join(bad) or "has no table"))


main()
