"""HUP: only what changed is changed, and what is not valid changes nothing."""

import os
import signal

import pytest

from fleet import await_that
from hive import section


def test_only_what_changed(hive, watched, listener):
    stays, changes, goes, comes = (watched(name) for name in ("stays", "changes", "goes", "comes"))
    hive = hive(section(stays, "stays") + section(changes, "changes") + section(goes, "goes"))
    for program in (stays, changes, goes):
        program.await_start()
    before = hive.witness("stays")
    hive.reload(section(comes, "comes") + section(changes, "changes", environment="A=1") + section(stays, "stays"))
    comes.await_start()
    changes.await_start(2)
    await_that(lambda: not goes.alive(), "the end of the one that is not listed")
    await_that(lambda: hive.witness("goes") is None, "its witness to go")
    listener.await_message(lambda m: m.topic == hive.topic("goes") and m.payload == b"", "the cleared witness")
    assert hive.witness("stays")["session"] == before["session"] and len(stays.starts()) == 1
    assert hive.witness("changes")["last_exit"]["asked_for"] is True


def test_a_policy_is_no_reason_to_restart(hive, watched):
    program = watched("w1")
    hive = hive(section(program))
    pid, _ = program.await_start()
    hive.reload(section(program, restart="never"))
    assert len(program.starts()) == 1
    os.kill(pid, signal.SIGKILL)
    hive.await_witness("w1", "exited")


def test_what_all_agents_are_told_changes_all(hive, watched):
    programs = [watched(name) for name in ("w1", "w2")]
    text = "".join(section(program, program.folder.name) for program in programs)
    hive = hive(text)
    for program in programs:
        program.await_start()
    hive.reload("[agent]\nkeep-alive = 7s\n" + text)
    for program in programs:
        program.await_start(2)


def test_a_stopped_worker_stays_stopped(hive, watched, broker):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    hive.ask("worker.stop", '{"worker_id":"w1"}', broker.port)
    hive.await_witness("w1", "stopped")
    hive.reload(section(program, interval="9s"))
    assert hive.witness("w1")["state"] == "stopped"
    hive.ask("worker.start", '{"worker_id":"w1"}', broker.port)
    program.await_start(2)


def test_a_command_is_mended(hive, watched):
    program = watched("w1")
    hive = hive('[worker "w1"]\ncommand = no-such-command-here\n')
    hive.await_witness("w1", "failed", restarts=2)  # the next try would be 4 s away
    hive.reload(section(program))
    program.await_start()


@pytest.mark.parametrize("text, why", [
    ('[worker "w1"]\ncommnad = true\n', "hive.ini:2: commnad: a worker has command"),
    ('[worker "w1"]\n', "hive.ini:1: worker w1 has no command"),
    ("[hive]\nhttp = 127.0.0.1:1\n[agent]\nretain = 5\n", "hive.ini:4: retain 5: "),
])
def test_what_is_not_valid_changes_nothing(hive, watched, text, why):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    hive.reload(text)
    assert why in hive.said()
    assert len(program.starts()) == 1 and len(program.alive()) == 2
    assert [w["worker_id"] for w in hive.get("/v1/workers")["workers"]] == ["w1"]


def test_the_hive_itself_cannot_change(hive, watched):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    hive.reload("[hive]\nusername = somebody\n")
    assert f"{hive.ini}:2: username cannot change while the program runs: restart it" in hive.said()
    assert len(program.alive()) == 2
    hive.ini.unlink()
    already = len(hive.said())
    hive.send(signal.SIGHUP)
    await_that(lambda: "hive.ini: No such file" in hive.said()[already:], "the complaint")
