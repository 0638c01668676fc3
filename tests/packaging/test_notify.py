"""What the daemons tell a service manager, received as systemd does: a datagram socket named by NOTIFY_SOCKET."""

import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
import uuid

import pytest

from daemons import BIN, DAEMONS, clean_environment

LIMIT_S = 30  # for whatever has to happen at all


class Manager:
    """The socket of a service manager: a file, or an abstract name."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(LIMIT_S)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)

    def next(self):
        return self.socket.recv(4096).decode().splitlines()

    def await_line(self, line):
        """The lines that came before it."""
        before = []
        while line not in (lines := self.next()):
            before += lines
        return before


class Daemon:
    """One that runs without a broker: ready is what can be asked, not what sees a fleet."""

    def __init__(self, program, folder, manager, **environment):
        config = folder / "config.ini"
        config.write_text(f"[{program.removeprefix('skep-')}]\n", encoding="utf-8")
        options = ["--config", config, "--broker", "mqtt://127.0.0.1:1", "--http", "127.0.0.1:0"]
        if program == "skep-hive":
            options += ["--state-dir", folder]
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BIN / program, *options], stderr=log,
                                            env=clean_environment(NOTIFY_SOCKET=manager.name, **environment))

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def answers_health(self):
        port = re.search(r"\bport=(\d+)", self.said())[1]
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=LIMIT_S).status == 200
        except urllib.error.HTTPError as error:  # no broker: it says so, and it is there
            return error.code == 503


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path):
    manager = Manager(str(tmp_path / "notify") if request.param == "file" else f"@skep-{uuid.uuid4().hex}")
    yield manager
    manager.socket.close()


@pytest.fixture(params=DAEMONS)
def start(request, tmp_path, manager):
    """start(**environment) runs the daemon under the manager."""
    started = []

    def make(**environment):
        started.append(Daemon(request.param, tmp_path, manager, **environment))
        return started[-1]

    yield make
    for daemon in started:
        daemon.process.kill()
        daemon.process.wait(LIMIT_S)
        print(daemon.said())


def test_ready_once_it_can_be_asked(manager, start):
    daemon = start()
    assert manager.await_line("READY=1") == []
    assert daemon.answers_health()


def test_stopping_then_a_clean_end(manager, start):
    daemon = start()
    manager.await_line("READY=1")
    daemon.process.send_signal(signal.SIGTERM)
    assert "READY=1" not in manager.await_line("STOPPING=1")
    assert daemon.process.wait(LIMIT_S) == 0


@pytest.mark.parametrize("is_valid", [True, False])
def test_reloading_then_ready(manager, start, tmp_path, is_valid):
    """Also where nothing was reloaded: the daemon works on."""
    daemon = start()
    manager.await_line("READY=1")
    if not is_valid:
        (tmp_path / "config.ini").write_text("[bee]\n", encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    lines = manager.next()
    assert lines[0] == "RELOADING=1" and re.fullmatch(r"MONOTONIC_USEC=\d+", lines[1])
    assert manager.next() == ["READY=1"]
    assert ("configuration reloaded" in daemon.said()) == is_valid
    assert daemon.answers_health()


def test_watchdog_is_fed_again_and_again(manager, start):
    start(WATCHDOG_USEC="100000")
    manager.await_line("READY=1")
    for _ in range(5):
        manager.await_line("WATCHDOG=1")


@pytest.mark.parametrize("environment, why", [
    ({}, "nobody watches"),
    ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, "the watchdog is meant for another process"),
    ({"WATCHDOG_USEC": "0"}, "no time is no watchdog"),
])
def test_no_watchdog(manager, start, environment, why):
    daemon = start(**environment)
    manager.await_line("READY=1")
    assert daemon.answers_health()  # at 1 ms it would have been fed by now
    daemon.process.send_signal(signal.SIGTERM)
    assert "WATCHDOG=1" not in manager.await_line("STOPPING=1"), why
