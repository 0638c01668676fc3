"""The agent in each of the environments that supervisors are started in, with each way that a program can end."""

import collections
import os
import signal
import time

import environments
from environments import ENVIRONMENTS, PROGRAMS
from fleet import BIN, LIMIT_S
from fleet_fixtures import broker  # noqa: F401

AT_ONCE = 24
UNSEEN = {("no /proc", "daemonizes")}  # nothing shows what has left its group and session there
Case = collections.namedtuple("Case", "id environment program process log")


def start(number, environment, program, broker, root, folder):
    name = f"w{number}"
    log = folder / f"{name}.log"
    command = [BIN / "skep-worker", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root, "--id", name, "--exec", "--",
               "/bin/sh", "-c", program.script]
    return Case(name, environment, program, environments.start(environment, command, name, log), log)


def stop(case, presences):
    """As the row has it, when the worker is online; true when that was sent."""
    if not any(p["presence"] == "online" for p in presences.of["default", case.id]):
        return False
    os.kill(environments.process_below(case.process.pid, "skep-worker"), case.program.stopped_by)
    return True


def expected(program):
    if program.stopped_by == signal.SIGTERM:
        return {"presence": "offline", "cause": "goodbye"}
    if program.stopped_by:
        return {"presence": "stale", "cause": "connection_lost"}
    signal_name = program.signal and program.signal.name
    return {"presence": "stale", "cause": "process_exited",
            "exit": {"code": program.code or 128 + program.signal, "signal": signal_name}}


def fits(presence, wanted):
    presence = dict(presence, exit=presence.get("exit") and {k: presence["exit"][k] for k in ("code", "signal")})
    return wanted.items() <= presence.items()


def was_cut_short(case):
    """The machine was too slow: a program that ends at once, and no broker in the second that its goodbye has."""
    return case.process.poll() is not None and "did not acknowledge the goodbye" in case.log.read_text(errors="replace")


def faults(case, presences):
    """What is wrong when the case is over."""
    found = []
    latest = [p for p in presences.of["default", case.id] if p["presence"] != "online"][-1:]
    if not (fits(latest[0], expected(case.program)) if latest else was_cut_short(case)):
        found.append(f"published {latest}")
    code = case.process.wait(LIMIT_S)
    if case.program.code is not None and code != case.program.code:
        found.append(f"exit code {code}")
    return [f"{case.environment.name}, {case.program.name}: {fault}: {case.log.read_text(errors='replace')[-400:]}"
            for fault in found]


def is_over(case, presences):
    return case.process.poll() is not None and (any(p["presence"] != "online" for p in presences.of["default", case.id]) or
                                                was_cut_short(case))


def test_every_program_in_every_environment(broker, tmp_path):
    tmp_path.chmod(0o755)
    presences = environments.Documents(tmp_path, broker.port, "env/v1", "presence")
    waiting = [(e, p) for p in sorted(PROGRAMS, key=lambda p: p.stopped_by is None)
               for e in environments.available(ENVIRONMENTS)]
    running, stopped, found, names = [], set(), [], {}
    number, progress_at = 0, time.monotonic()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number += 1
            running.append(start(number, *waiting.pop(0), broker, "env/v1", tmp_path))
            names[running[-1].id] = (running[-1].environment.name, running[-1].program.name)
        presences.read()
        for case in list(running):
            if case.program.stopped_by and case.id not in stopped and stop(case, presences):
                stopped.add(case.id)
            if is_over(case, presences):
                running.remove(case)
                found += faults(case, presences)
                progress_at = time.monotonic()
        if time.monotonic() > progress_at + LIMIT_S:
            found += [f"{c.environment.name}, {c.program.name}: does not end: {c.log.read_text(errors='replace')[-400:]}"
                      for c in running]
            break
        time.sleep(0.05)
    for case in running:
        case.process.kill()
    presences.end()
    left = {names[mark] for mark in environments.end_marked()}
    print(f"{len(names)} cases")
    assert not found, "\n".join(found)
    assert left <= UNSEEN & set(names.values()), "left behind"
