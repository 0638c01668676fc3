"""c_source - the product's C files and their tokens, for the lints."""
import collections
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PRODUCT = ("common", "queen", "hive", "worker", "cli")

Token = collections.namedtuple("Token", "kind text line")

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/ | //[^\n]*)
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string>(?:L|u8?|U)?"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[\w.]|[eEpP][+-])*)
  | (?P<mark>->|\+\+|--|<<=|>>=|<<|>>|&&|\|\||[<>=!+\-*/%&|^]=|\.\.\.|[^\s])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


def project_files(*patterns):
    """As tests/lint/sources.sh lists them."""
    found = subprocess.run([os.path.join(HERE, "sources.sh"), *patterns], check=True, capture_output=True, text=True)
    return found.stdout.split("\n")[:-1]


def product_files():
    files = project_files(*(f"{folder}/*.{end}" for folder in PRODUCT for end in "ch"))
    if not files:
        raise SystemExit("no product files: nothing was checked")
    return files


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def tokens(text, directives=False):
    """Without comments; a directive is one token, or (DIRECTIVES) several."""
    line, at = 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        kind = match.lastgroup
        if kind == "comment":
            continue
        if kind == "directive" and directives:
            inner = match.group().replace("#", " ", 1)
            yield from (token._replace(line=token.line + line - 1) for token in tokens(inner))
        else:
            yield Token(kind, match.group(), line)


def string_text(token):
    """What a literal holds, as far as a reader sees it."""
    text = token.text[token.text.index('"') + 1:-1]
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": " "}.get(m.group(1), m.group(1)), text)
