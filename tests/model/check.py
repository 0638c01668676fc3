#!/usr/bin/python3
"""check.py [MODEL]... - checks the claims of the models beside it with spin, under weak fairness, and that each claim
fails when a rule is taken out.

A model names both in its first comment: `claim NAME ...`, and `without RULE CLAIM: ...`, for which it is compiled with
NO_RULE defined. Exit 77 without spin."""
import concurrent.futures
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = 1 << 30  # bytes, of one check


def claims_of(text):
    """(claim, the rule that is taken out or "", whether it must hold)"""
    comment = text[:text.index("*/")]
    yield from ((claim, "", True) for claim in re.findall(r"^ \* claim (\w+)", comment, re.MULTILINE))
    yield from ((claim, rule, False) for rule, claim in re.findall(r"^ \* without (\w+) +(\w+):", comment, re.MULTILINE))


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
    if done.returncode != 0:
        raise SystemExit(f"check: {' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check(path, claim, rule, holds):
    """One line if something is wrong, and a line for the log."""
    what = f"{os.path.basename(path)}: {claim}" + (f" without {rule}" if rule else "")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, os.path.join(folder, "model.pml"))
        run(["spin", "-a", "-o2", *([f"-DNO_{rule}"] if rule else []), "model.pml"], folder)
        run(["cc", "-O2", "-w", "-DNFAIR=5", "-DVECTORSZ=512", "-DMEMLIM=900", "-o", "pan", "pan.c"], folder)
        output = run(["./pan", "-a", "-f", "-N", claim, "-m100000", "-w22"], folder)
    errors = re.search(r"errors: (\d+)", output)
    if not errors or re.search(r"Search not completed|max search depth too small", output) and errors.group(1) == "0":
        return f"{what}: the search did not end\n{output}", what
    states = re.search(r"(\d+) states, stored", output).group(1)
    if (errors.group(1) == "0") != holds:
        return f"{what}: {'fails' if holds else 'holds all the same'}\n{output}", what
    return None, f"{what}: {'holds' if holds else 'fails, as it must'} ({states} states)"


def main():
    if not shutil.which("spin"):
        print("check: spin is not installed")
        return 77
    paths = sys.argv[1:] or sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".pml"))
    jobs, wrong = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in paths:
            with open(path, encoding="utf-8") as file:
                cases = list(claims_of(file.read()))
            if not {claim for claim, _, holds in cases if holds} == {claim for claim, _, holds in cases if not holds}:
                wrong.append(f"{path}: each claim needs a rule without which it fails")
            jobs += [pool.submit(check, path, *case) for case in cases]
        for job in jobs:
            fault, line = job.result()
            print(line)
            wrong += [fault] if fault else []
    for fault in wrong:
        print(f"check: {fault}", file=sys.stderr)
    return 1 if wrong or not jobs else 0


sys.exit(main())
