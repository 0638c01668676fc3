"""A hive in each of the environments that supervisors are started in, with each way that a program can end below it."""

import os
import pathlib
import shutil
import signal
import tempfile
import time

import pytest

import environments
from environments import ENVIRONMENTS, PROGRAMS
from fleet import BIN, LIMIT_S

AT_ONCE = 12
REFUSED = {"no /proc"}  # a hive finds its own path there, and what its workers leave: it says so and ends
PATIENT = [p for p in PROGRAMS if p.name != "hangs"]  # whose 10 s between TERM and KILL are those of the agent


def name_of(program):
    return program.name.replace(" ", "-")


class Case:
    def __init__(self, number, environment, broker, folder):
        self.name, self.environment, self.exits = f"h{number}", environment, None
        self.log, ini = folder / f"{self.name}.log", folder / f"{self.name}.ini"
        ini.write_text("".join(f'[worker "{name_of(p)}"]\ncommand = /bin/sh {folder}/{name_of(p)}.sh\nrestart = never\n'
                               for p in PATIENT))
        command = [BIN / "skep-hive", "--config", ini, "--id", self.name, "--root", "env/v1", "--http", "127.0.0.1:0",
                   "--broker", f"mqtt://127.0.0.1:{broker.port}"]
        self.process = environments.start(environment, command, self.name, self.log)

    def is_over(self, witnesses):
        """TERM goes to the hive when all have ended that end by themselves, and the others run."""
        last = {p: witnesses.of[self.name, name_of(p)][-1:] for p in PATIENT}
        if self.exits is None and all(w and w[0]["state"] == ("running" if p.stopped_by else "exited")
                                      for p, w in last.items()):
            self.exits = {p: w[0]["last_exit"] for p, w in last.items() if not p.stopped_by}
            os.kill(environments.process_below(self.process.pid, "skep-hive"), signal.SIGTERM)
        return self.process.poll() is not None

    def faults(self):
        if self.environment.name in REFUSED and self.process.returncode == 1 and "/proc" in self.log.read_text():
            return []
        found = [] if self.exits else ["it ended by itself"]
        for program, last in (self.exits or {}).items():
            wanted = (program.code or 128 + program.signal, program.signal and program.signal.name)
            if (last["code"], last["signal"]) != wanted:
                found.append(f"{program.name}: {last}")
        if self.process.returncode != 0:
            found.append(f"exit code {self.process.returncode}")
        return [f"{self.environment.name}: {fault}: {self.log.read_text(errors='replace')[-400:]}" for fault in found]


@pytest.fixture
def folder():
    """Unlike tmp_path one where other users may go, too."""
    made = pathlib.Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_every_program_below_a_hive_in_every_environment(broker, folder):
    for program in PATIENT:
        (folder / f"{name_of(program)}.sh").write_text(program.script + "\n")
    witnesses = environments.Documents(folder, broker.port, "env/v1", "witness")
    waiting = environments.available(ENVIRONMENTS)
    running, found, names, progress_at = [], [], {}, time.monotonic()
    while (waiting or running) and time.monotonic() < progress_at + LIMIT_S:
        while waiting and len(running) < AT_ONCE:
            running.append(Case(len(waiting), waiting.pop(0), broker, folder))
            names[running[-1].name] = running[-1].environment.name
        witnesses.read()
        for case in list(running):
            if case.is_over(witnesses):
                running.remove(case)
                found += case.faults()
                progress_at = time.monotonic()
        time.sleep(0.05)
    for case in running:
        found.append(f"{case.environment.name}: does not end: {case.log.read_text(errors='replace')[-400:]}")
        case.process.kill()
    witnesses.end()
    left = {names[mark] for mark in environments.end_marked()}
    print(f"{len(names)} hives of {len(PATIENT)} workers")
    assert not found, "\n".join(found)
    assert not left
