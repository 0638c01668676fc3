"""A worker dies under its hive: what the queen says, and after how long. R9, R11."""

import os
import signal
import time

import pytest

import measure
from fleet import await_that, is_running
from hive import section
from listener import Listener

COUNT = 30 if os.environ.get("SKEP_LONG") == "1" else 5
NAMES = [f"w{i}" for i in range(COUNT)]


@pytest.fixture
def verdicts(broker, root, started):
    return started(Listener, broker.port, f"{root}/queen/+/verdict/#")


@pytest.fixture
def fleet(hive, watched, queen, verdicts):
    """Workers of one hive, all online; each is killed once, so that none waits long for its restart."""
    programs = {name: watched(name) for name in NAMES}
    made = hive("".join(section(program, name) for name, program in programs.items()))
    queen.await_all(f"hive-a/{name}" for name in NAMES)
    return made, programs


def kill_and_await(pid, root, verdicts, name):
    killed_at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    verdict, heard_at = verdicts.await_document(f"{root}/queen/queen/verdict/hive-a/{name}", state="stale")
    return verdict, heard_at - killed_at


def states_of(queen, name):
    return [event["state"] for event in queen.events(f"hive-a/{name}")]


def test_the_program_is_killed(fleet, root, queen, verdicts):
    hive, programs = fleet
    took = []
    for name, program in programs.items():
        verdict, seconds = kill_and_await(program.await_start()[0], root, verdicts, name)
        assert (verdict["cause"], verdict["evidence"]["exit"]["signal"]) == ("process_exited", "SIGKILL")
        took.append(seconds)
    measure.measured("program killed under a hive to stale", took)
    for name, program in programs.items():
        hive.await_witness(name, "running", restarts=1)
        await_that(lambda: states_of(queen, name) == ["online", "stale", "online"], f"{name} online again")
        program.await_start(2)
        assert len(program.starts()) == 2


def test_the_agent_is_killed(fleet, root, queen, verdicts):
    """Its hive sees it; what it had started does not survive it; one restart, and never two processes of one worker."""
    hive, programs = fleet
    took = []
    for name, program in programs.items():
        child = program.await_start()[0]
        verdict, seconds = kill_and_await(hive.witness(name)["pid"], root, verdicts, name)
        assert (verdict["cause"], verdict["evidence"]["path"]) == ("process_exited", "witness")
        await_that(lambda: not is_running(child), f"the end of the program of {name}")
        took.append(seconds)
    measure.measured("agent killed under a hive to stale", took)
    for name, program in programs.items():
        hive.await_witness(name, "running", restarts=1)
        await_that(lambda: states_of(queen, name) == ["online", "stale", "online"], f"{name} online again")
        program.await_start(2)
        assert len(program.starts()) == 2 and program.was_never_double()
