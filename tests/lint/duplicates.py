#!/usr/bin/python3
"""duplicates.py [-v] - no two places of the product are the same code with other names and other numbers: it compares tokens,
with names and literals folded, and reports every pair of runs that cover LINES_MIN lines of code or more. -v prints the
excused pairs, too."""
import collections
import sys

import c_source

LINES_MIN = 12  # lines that hold more than a brace
PAIRS_MAX = 0  # that are not excused
WINDOW = 40  # tokens that two places must share before they are compared

KEYWORDS = set("""auto break case const continue default do else enum extern for goto if inline return sizeof static struct
switch typedef union void volatile while bool char double float int long short signed unsigned""".split())

# Pairs that may stand, each with its reason: (file, file).
EXCUSED = {}


def fold(token):
    if token.kind == "name":
        return token.text if token.text in KEYWORDS else "n"
    return "l" if token.kind in ("string", "char", "number") else token.text


def read(path):
    """The file's tokens, folded, with their lines; string literals side by side are one."""
    folded = []
    for token in c_source.tokens(c_source.text_of(path)):
        if token.kind == "directive":
            continue
        if not (token.kind == "string" and folded and folded[-1][2]):
            folded.append((fold(token), token.line, token.kind == "string"))
    return folded


def lines_of(run):
    """What each line of a run holds; lines of braces alone are left out."""
    lines = collections.defaultdict(list)
    for word, line, _ in run:
        lines[line].append(word)
    return [" ".join(words) for words in lines.values() if set(words) - set("{};,")]


def is_code(run):
    return len(lines_of(run)) >= LINES_MIN


def pairs(files):
    """The longest runs that two places share: (file, first token, file, first token, length)."""
    places = collections.defaultdict(list)
    for path, words in files.items():
        text = [word for word, _, _ in words]
        for at in range(len(text) - WINDOW + 1):
            places[hash(tuple(text[at:at + WINDOW]))].append((path, at))
    done = set()
    for same in places.values():
        for i, (one, a) in enumerate(same):
            for other, b in same[i + 1:]:
                if (one, a, other, b) in done:
                    continue
                first, second = files[one], files[other]
                length = 0
                while (a + length < len(first) and b + length < len(second)
                       and first[a + length][0] == second[b + length][0] and not (one == other and a + length >= b)):
                    done.add((one, a + length, other, b + length))
                    length += 1
                if length >= WINDOW:
                    yield one, a, other, b, length


def main():
    files = {path: read(path) for path in c_source.product_files()}
    found, used = [], 0
    for one, a, other, b, length in pairs(files):
        first, second = files[one][a:a + length], files[other][b:b + length]
        if not (is_code(first) and is_code(second)):
            continue
        where = f"{one}:{first[0][1]}-{first[-1][1]} ~ {other}:{second[0][1]}-{second[-1][1]}"
        reason = EXCUSED.get((one, other)) or EXCUSED.get((other, one))
        if reason:
            used += 1
            if "-v" in sys.argv:
                print(f"{where}: {reason}")
        else:
            found.append(f"{where}: the same code, {len(lines_of(first))} lines")
    print(f"duplicates: {len(found)} pairs of {LINES_MIN} lines or more in {len(files)} files, {used} excused")
    if len(found) > PAIRS_MAX or "-v" in sys.argv:
        print("\n".join(found), file=sys.stderr)
    return 1 if len(found) > PAIRS_MAX else 0


sys.exit(main())
