#!/usr/bin/python3
"""long.py [OPTION]... FOLDER [NAME]... - runs fuzz targets (fuzz_NAME in FOLDER/bin; all of them) one after the other, each
until it had enough executions and its last new edge is long enough ago, or until its time is up. What it finds is kept in
FOLDER/found/NAME, on top of the corpus of the tests, which stays as it is.

  --runs N     executions at least (1000000)
  --quiet S    CPU seconds without a new edge (600)
  --cap S      CPU seconds of a target at most (3600)
  --jobs N     so many targets at once (1)
  --found DIR  where what was found is kept, in place of FOLDER/found: the build of the preset fuzz-fast, which has no
               sanitizers, finds in a tenth of the time what that of the preset fuzz then begins with
  --write      instead: adds to the corpus of the tests what reaches edges that it does not; few files, small ones first

One line for each target. Exit status 1 if one has found a fault: its input is in FOLDER/found, as fault-*."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CORPUS_FILES_MAX, CORPUS_BYTES_MAX = 7, 24 * 1024  # of what is added to one target
CORPUS_SCRIPTS_MAX = 24
# No learning of how seldom a feature is: with the many of a core it takes more time than the core.
FLAGS = ["-entropic=0", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
OF_PARSER = ["-max_len=1000"]
# How often an edge is taken makes thousands of scripts worth keeping, and an edge that is rare is then rarely built on.
OF_SCRIPT = ["-max_len=4000", "-use_counters=0"]
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="malloc_context_size=3:quarantine_size_mb=8",
                   UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
PROGRESS = re.compile(rb"#(\d+)\s.*\bcov: (\d+)")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_script(name):
    return '"world_peer.h"' in (HERE / f"fuzz_{name}.c").read_text(encoding="utf-8")


def run(name, folder, arguments):
    """True when no fault was found."""
    found = arguments.found / name
    found.mkdir(parents=True, exist_ok=True)
    log = arguments.found / f"{name}.log"
    command = [folder / "bin" / f"fuzz_{name}", *FLAGS, *(OF_SCRIPT if is_script(name) else OF_PARSER),
               f"-artifact_prefix={arguments.found}/fault-{name}-", found, HERE / "corpus" / name]
    runs = edges = spent = last_new = seen = 0
    why = "time is up"
    with open(log, "wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=ENVIRONMENT) as fuzzer:
        with open(log, "rb") as reader:
            while fuzzer.poll() is None:
                time.sleep(1)
                for line in reader:
                    match = PROGRESS.match(line)
                    if match:
                        runs, seen = int(match[1]), int(match[2])
                try:
                    spent = cpu_seconds(fuzzer.pid)
                except OSError:
                    break
                if seen > edges:
                    edges, last_new = seen, spent
                if runs >= arguments.runs and spent - last_new >= arguments.quiet:
                    why = "no new edge"
                    fuzzer.send_signal(signal.SIGINT)
                    break
                if spent >= arguments.cap:
                    fuzzer.send_signal(signal.SIGINT)
                    break
            fuzzer.wait()
    text = log.read_bytes()
    total = re.search(rb"stat::number_of_executed_units: *(\d+)", text)
    is_fault = re.search(rb"ERROR: |runtime error: |does not hold", text) is not None
    if is_fault:
        sys.stdout.write(text[-6000:].decode(errors="replace"))
        why = "a FAULT"
    print(f"fuzz {name}: {int(total[1]) if total else runs} executions, {spent:.0f} s of CPU, {edges} edges, the last new one "
          f"{spent - last_new:.0f} s before the end: {why}", flush=True)
    return not is_fault


def edges_of(name, folder, found, work):
    """Files, smallest first, with the edges that each reaches."""
    control = work / "control"
    (work / "out").mkdir()
    subprocess.run([folder / "bin" / f"fuzz_{name}", "-set_cover_merge=1", "-use_counters=0", f"-merge_control_file={control}",
                    work / "out", HERE / "corpus" / name, found / name], check=False, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    lines = control.read_text(encoding="utf-8").splitlines()
    count = int(lines[0])
    files = [pathlib.Path(line) for line in lines[2:2 + count]]
    edges = {}
    for line in lines[2 + count:]:
        kind, index, *features = line.split()
        if kind == "FT":
            edges[files[int(index)]] = frozenset(features)
    return edges


def write(name, folder, found):
    corpus = HERE / "corpus" / name
    with tempfile.TemporaryDirectory() as work:
        edges = edges_of(name, folder, found, pathlib.Path(work))
    covered = set().union(*[reached for path, reached in edges.items() if path.parent == corpus])
    before, left, space = len(covered), CORPUS_SCRIPTS_MAX if is_script(name) else CORPUS_FILES_MAX, CORPUS_BYTES_MAX
    candidates = {path: reached for path, reached in edges.items() if path.parent != corpus}
    while left > 0 and candidates:
        # what brings most for its size
        path = max(candidates, key=lambda path: len(candidates[path] - covered) / (64 + path.stat().st_size))
        gain = len(candidates.pop(path) - covered)
        if gain == 0:
            break
        if path.stat().st_size > space:
            continue
        (corpus / f"found_{path.name[:12]}").write_bytes(path.read_bytes())
        covered |= edges[path]
        left, space = left - 1, space - path.stat().st_size
    print(f"fuzz {name}: {before} edges by the corpus, {len(covered)} now, "
          f"{len(set().union(*edges.values()))} by all that was found", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000000)
    parser.add_argument("--quiet", type=float, default=600)
    parser.add_argument("--cap", type=float, default=3600)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--found", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    arguments.found = (arguments.found or folder / "found").resolve()
    names = arguments.names or sorted(path.name[5:] for path in (folder / "bin").glob("fuzz_*"))
    if arguments.write:
        for name in names:
            write(name, folder, arguments.found)
        return 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        return 0 if all(list(pool.map(lambda name: run(name, folder, arguments), names))) else 1


sys.exit(main())
