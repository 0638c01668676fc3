#!/usr/bin/python3
"""dialect.py [--write] [FILE...] - the parts of CONTRIBUTING.md's dialect that clang-format does not know: errors are
compared with OK (`err == OK`, not `!err`), sizeof of an expression has no parentheses, and no blank line follows the
declarations at the start of a block. --write mends what it finds; clang-format then breaks the lines anew."""
import os
import re
import sys

import c_source

FOUND_MAX = 0

TYPE_WORDS = set("struct enum union const volatile unsigned signed void bool char double float int long short size_t".split())
DECLARATION = re.compile(r"(?:static |const |unsigned |signed |volatile )*"
                         r"(?:(?:struct|enum|union) \w+|(?!return\b|goto\b|else\b|case\b|sizeof\b)[A-Za-z_]\w*)"
                         r"(?: const)?(?: \*+(?:const )?| )(?:\(\*)?[A-Za-z_]\w*[\])]*\s*(?:[=;,\[(]|$)")


class Source:
    """Tokens with their places in the text, and the edits to make there."""

    def __init__(self, path):
        self.path, self.text = path, c_source.text_of(path)
        self.tokens = [match for match in c_source.TOKEN.finditer(self.text)
                       if match.lastgroup not in ("comment", "directive")]
        self.words = [match.group() for match in self.tokens]
        self.edits = []

    def replace(self, first, last, new, why):
        """The tokens FIRST to LAST become NEW."""
        self.edits.append((self.tokens[first].start(), self.tokens[last].end(), new, why))

    def closing(self, at):
        """The index of the bracket that closes the one AT."""
        depth = 0
        for i in range(at, len(self.words)):
            depth += {"(": 1, ")": -1}.get(self.words[i], 0)
            if depth == 0:
                return i
        return at

    def word(self, at):
        return self.words[at] if 0 <= at < len(self.words) else ""

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def edited(self):
        text = self.text
        for start, end, new, _ in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text


def is_condition(source, at):
    """Whether the bracket AT opens the condition of an if or a while."""
    return source.word(at) == "(" and source.word(at - 1) in ("if", "while")


def compare_errors(source):
    why = "compare with OK"
    for i, word in enumerate(source.words):
        before, after = source.word(i - 1), source.word(i + 1)
        if word == "err" and after == "=" and before == "(" and source.word(i - 2) in ("(", "!", "&&", "||"):
            end = source.closing(i - 1)
            opens = source.word(i - 2)
            if source.word(end + 1) not in (")", "&&", "||", "?"):
                continue
            if opens == "!":
                source.replace(i - 2, i - 1, "(", why)
                source.replace(end, end, ") == OK", why)
            elif opens != "(" or is_condition(source, i - 2):
                source.replace(end, end, ") != OK", why)
        elif word == "err" and before == "!":
            source.replace(i - 1, i, "err == OK", why)
        elif word == "err" and after in (")", "&&", "||", "?"):
            if (is_condition(source, i - 1) or before in ("&&", "||") or
                    (after in ("&&", "||", "?") and before in ("return", "=", ","))):
                source.replace(i, i, "err != OK", why)


def returns_errors(text):
    """The functions that TEXT declares or defines with an enum err as their result, and those with another one."""
    kinds = re.findall(r"^(?:static |inline |extern )*(enum err|bool|int|void|size_t|\w+_t) \**(\w+)\(", text, re.MULTILINE)
    return ({name for kind, name in kinds if kind == "enum err"}, {name for kind, name in kinds if kind != "enum err"})


def compare_calls(source, errors):
    """A call of one of ERRORS that stands alone as a condition."""
    for i, word in enumerate(source.words):
        if word not in errors or source.word(i + 1) != "(":
            continue
        end, before = source.closing(i + 1), source.word(i - 1)
        if source.word(end + 1) in (")", "&&", "||", "?") and (before in ("!", "&&", "||") or is_condition(source, i - 1)):
            source.replace(end, end, ") != OK" if before != "!" else ") == OK", "compare with OK")


def bare_sizeof(source):
    for i, word in enumerate(source.words):
        if word != "sizeof" or source.word(i + 1) != "(":
            continue
        end = source.closing(i + 1)
        inner = source.words[i + 2:end]
        if not inner or set(inner) & TYPE_WORDS or re.fullmatch(r"\w+_t", inner[0]) or end - i < 3:
            continue
        if any(mark in "+-/%&|?:,<>=" or mark == "sizeof" for mark in inner) or "*" in inner[1:] or inner[0] == "(":
            continue
        text = source.text[source.tokens[i + 1].end():source.tokens[end].start()].strip()
        source.replace(i, end, "sizeof " + text, "no parentheses")


def joined_declarations(source):
    lines = source.text.split("\n")
    offset = 0
    offsets = []
    for line in lines:
        offsets.append(offset)
        offset += len(line) + 1
    for number, line in enumerate(lines[:-1]):
        if line != "{" and not re.match(r"\s+(\} else|else|if|for|while|do)\b.*\{$", line):
            continue
        at, found = number + 1, False
        while at < len(lines) and DECLARATION.match(lines[at].strip()):
            while at < len(lines) - 1 and not re.search(r";\s*(/\*.*\*/)?$", lines[at]):
                at += 1
            at, found = at + 1, True
            while re.match(r"\s*/\*.*\*/$", lines[at]) and DECLARATION.match(lines[at + 1].strip()):
                at += 1
        if found and at < len(lines) and lines[at] == "":
            source.edits.append((offsets[at], offsets[at] + 1, "", "no blank line after declarations"))


def main():
    write = "--write" in sys.argv
    files = [word for word in sys.argv[1:] if not word.startswith("-")] or c_source.project_files("*.c", "*.h")
    headers = [c_source.text_of(path) for path in c_source.project_files("*.h")]
    errors = set().union(*(returns_errors(text)[0] for text in headers))
    found = []
    for path in files:
        source = Source(path)
        if "int err" not in source.text:
            compare_errors(source)
        own, other = returns_errors(source.text)
        compare_calls(source, (errors | own) - other)
        bare_sizeof(source)
        joined_declarations(source)
        found += [f"{path}:{source.line(start)}: {why}" for start, _, _, why in source.edits]
        if write and source.edits:
            with open(os.path.join(c_source.ROOT, path), "w", encoding="utf-8") as file:
                file.write(source.edited())
    print(f"dialect: {len(found)} places in {len(files)} files")
    if not write and len(found) > FOUND_MAX:
        print("\n".join(found), file=sys.stderr)
    return 1 if not write and len(found) > FOUND_MAX else 0


sys.exit(main())
