"""What scripts/mutate changes: a table of statements with the mutants that come of each."""
import importlib.machinery
import importlib.util
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(os.path.dirname(os.path.dirname(HERE)), "scripts", "mutate")
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("mutate", PATH)
mutate = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", LOADER))
LOADER.exec_module(mutate)


@pytest.mark.parametrize("statement, mutants", [
    ("return a < b;", {"return a <= b;"}),
    ("return a && b == 1;", {"return a || b == 1;", "return a && b != 1;", "return a && b == 2;", "return b == 1;",
                             "return a ;"}),
    ("if (!a || (b && c)) d();", {"if (a || (b && c)) d();", "if (!a && (b && c)) d();", "if (!a || (b || c)) d();",
                                  "if ((b && c)) d();", "if (!a ) d();", "if (!a || (c)) d();", "if (!a || (b )) d();",
                                  "if (!a || (b && c)) ;"}),
    ("f(*a, &b);", {";"}),
    ("a += 2;", {"a -= 2;", "a += 3;", ";"}),
    ("x->on = true;", {"x->on = false;", ";"}),
    ("struct a *b = c;", set()),
    ("for (i = 1; i < n; i++) f();", {"for (i = 2; i < n; i++) f();", "for (i = 1; i <= n; i++) f();",
                                      "for (i = 1; i < n; i--) f();",
                                      "for (i = 1; i < n; i++) ;"}),
    ("return 0; /* a < b */", {"return 1; /* a < b */"}),
])
def test_mutants(statement, mutants):
    found = mutate.mutants_of("x.c", f"#include <a.h>\nint f(int a)\n{{\n{statement}\n}}\n")
    assert {mutant.after for mutant in found} == mutants
    assert {mutant.line for mutant in found} <= {4}


def test_a_list_names_mutants_and_reasons(tmp_path, monkeypatch):
    (tmp_path / "equivalent").write_text("# a comment\n\nx.c: a < b -> a <= b # they are never equal\n")
    monkeypatch.setitem(mutate.LISTS, "equivalent", str(tmp_path / "equivalent"))
    assert mutate.listed("equivalent") == {"x.c: a < b -> a <= b": "they are never equal"}


def test_what_was_copied_by_an_earlier_run_goes(tmp_path):
    for name in ("kept", "gone"):
        (tmp_path / "a" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "a" / name).write_text("")
    mutate.remove_others(str(tmp_path), {"a/kept"})
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]


def test_every_line_of_the_lists_has_a_reason():
    assert all(reason for name in mutate.LISTS for reason in mutate.listed(name).values())
