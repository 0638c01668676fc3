"""R11: a worker that its hive cannot start is reported once, at once, with the hive's reason, however often it is tried."""

import os
import signal

import pytest

from hive import Hive, Watched

NAME = "hive-a/w1"


def run_hive(oracle, started, broker, root, text, *options):
    oracle.did("hive-a", "start", "starting", "ready")
    return started(Hive, broker, root, text, *options).run()


def section(command, **keys):
    return f'[worker "w1"]\ncommand = {command}\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


@pytest.mark.parametrize("prepare, reason", [
    (lambda _program: None, "not found"),
    (lambda program: program.write_text("neither script nor program", encoding="ascii"), "cannot be executed"),
])
def test_a_command_that_cannot_run(broker, root, started, watch, tmp_path, prepare, reason):
    queen, oracle = watch(broker)
    program = tmp_path / "program"
    prepare(program)
    oracle.did(NAME, "a start that fails", "stale", cause="start_failed")
    hive = run_hive(oracle, started, broker, root, section(program))
    oracle.await_told()
    assert reason in queen.events(NAME)[0]["evidence"]["text"]
    hive.await_witness("w1", "failed", restarts=1)

    oracle.did(NAME, "a start that succeeds", "online")
    program.write_text("#!/bin/sh\nsleep 600\n", encoding="ascii")
    program.chmod(0o755)
    oracle.await_told()
    assert not oracle.faults()
    oracle.measure("a start that fails")


def test_a_directory_that_is_not_there(broker, root, started, watch, tmp_path):
    queen, oracle = watch(broker)
    oracle.did(NAME, "a start that fails", "stale", cause="start_failed")
    run_hive(oracle, started, broker, root, section("sleep 600", directory=tmp_path / "later"))
    oracle.await_told()
    assert str(tmp_path / "later") in queen.events(NAME)[0]["evidence"]["text"]
    oracle.did(NAME, "a start that succeeds", "online")
    (tmp_path / "later").mkdir()
    assert not oracle.faults()


def test_one_that_ran_and_cannot_be_started_again(broker, root, started, watch, tmp_path):
    """One death; what the hive says of it later is a revision at most."""
    queen, oracle = watch(broker)
    program = Watched(tmp_path / "program")
    command = tmp_path / "command"
    command.write_text(f"#!/bin/sh\nexec {program.command}\n", encoding="ascii")
    command.chmod(0o755)
    oracle.did(NAME, "a start", "online")
    hive = run_hive(oracle, started, broker, root, section(command))
    oracle.await_told()
    command.unlink()
    oracle.did(NAME, "a crash", "stale", shown=("suspect",))
    for pid in program.await_start():
        os.kill(pid, signal.SIGKILL)
    hive.await_witness("w1", "failed", restarts=1)
    assert not oracle.faults()
    assert queen.worker(NAME)["cause"] in ("process_exited", "start_failed")
