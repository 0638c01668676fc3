"""TERM to a hive: everything ends, nothing is left."""

import signal
import socket

from fleet import LIMIT_S, await_that
from hive import section


def test_everything_ends(hive, watched, listener):
    programs = {f"w{number}": watched(f"w{number}") for number in range(8)}
    hive = hive("".join(section(program, name) for name, program in programs.items()))
    for program in programs.values():
        program.await_start()
    assert hive.end() == 0
    assert not any(program.alive() for program in programs.values())
    for name in programs:
        witness, _ = listener.await_document(hive.topic(name), state="stopped")
        assert witness["last_exit"]["asked_for"] is True
        goodbye, _ = listener.await_document(hive.topic(name, "presence"), presence="offline")
        assert goodbye["cause"] == "goodbye"
    topics = [m.topic for m in listener.messages if m.payload]
    assert topics[-1] == f"{hive.root}/hive/hive-a/presence"  # the goodbye comes last


def test_who_ignores_term_is_killed(hive, watched):
    """The agent gives its program 10 s."""
    program = watched("w1", "--deaf")
    hive = hive(section(program))
    program.await_start()
    assert hive.end() == 0
    assert not program.alive()


def test_what_a_shell_has_started_may_save_its_work(hive, watched):
    """The shell dies of TERM at once; what it had started has its 10 s all the same, and the goodbye waits for it."""
    program = watched("w1", "--lingers")
    hive = hive(f'[worker "w1"]\ncommand = sh -c "{program.command}; true"\n')
    pids = program.await_start()
    assert hive.end() == 0
    assert sorted(map(int, program.lines("saved"))) == sorted(pids)


def test_without_a_broker_too(hive, watched):
    program = watched("w1")
    hive = hive(section(program), port=1)
    program.await_start()
    assert hive.get("/health")["status"] == "warn"
    assert hive.end() == 0
    assert not program.alive()


def test_in_the_backoff(hive):
    hive = hive('[worker "w1"]\ncommand = false\n')
    hive.await_witness("w1", "backoff")
    assert hive.end() == 0


def test_int_is_as_good_as_term(hive, watched):
    program = watched("w1")
    hive = hive(section(program))
    program.await_start()
    assert hive.end(signal.SIGINT) == 0
    assert not program.alive()


def test_the_service_manager_is_told(hive, tmp_path, monkeypatch):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(LIMIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        hive = hive("")
        said = []

        def hears(line):
            said.append(manager.recv(4096).decode())
            return line in said
        await_that(lambda: hears("READY=1"), "READY=1")
        await_that(lambda: hears("WATCHDOG=1"), "WATCHDOG=1")
        hive.send(signal.SIGTERM)
        await_that(lambda: hears("STOPPING=1"), "STOPPING=1")
        assert hive.process.wait(LIMIT_S) == 0
