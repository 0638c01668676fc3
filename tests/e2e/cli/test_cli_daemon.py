"""skep queen start, stop, status: the pid file, the log, and what becomes of the daemon."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import time
import urllib.request

import pytest

from fleet import BIN, Queen, Skep, await_that, is_running

FAST = ("--initial-delay", "20ms", "--multiplier", "1.1", "--max-delay", "500ms", "--attempts", "200", "--jitter", "0")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """`skep queen`, with files and an address of its own."""

    def __init__(self, folder, broker, root):
        self.folder, self.port, self.broker_port = folder, free_port(), broker.port
        self.id = "q1"
        self.root = root
        self.skep = Skep(f"http://127.0.0.1:{self.port}")
        self.skep.environment["XDG_RUNTIME_DIR"] = str(folder)

    def arguments(self, verb, *own, rest=()):
        return ["queen", verb, *FAST, "--id", self.id, "--broker", f"mqtt://127.0.0.1:{self.broker_port}", "--root",
                self.root, *own, "--", "--http", f"127.0.0.1:{self.port}", *rest]

    def __call__(self, verb, *own, rest=()):
        return self.skep(*self.arguments(verb, *own, rest=rest))

    def pid(self):
        return int((self.folder / f"queen-{self.id}.pid").read_text(encoding="ascii"))

    def log(self):
        return (self.folder / f"queen-{self.id}.log").read_text(encoding="utf-8")


@pytest.fixture
def daemon(tmp_path, broker, root):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    daemon = Daemon(folder, broker, root)
    yield daemon
    daemon("stop")


def test_from_start_to_stop(daemon):
    done = daemon("start")
    assert done.returncode == 0
    assert re.fullmatch(r"queen/q1: pass via (mqtt|http), attempt \d+, \d+\.\d\d s\n", done.stdout)  # who is first
    pid = daemon.pid()
    assert f"queen/q1 started, pid {pid}, log {daemon.folder}/queen-q1.log" in done.stderr
    assert "msg=started" in daemon.log()
    assert os.getsid(pid) == pid

    again = daemon("start")
    assert again.returncode == 0
    assert f"queen/q1 is running already, with its own options, pid {pid}" in again.stderr
    assert daemon.pid() == pid

    status = daemon("status")
    assert status.returncode == 0
    assert f"pid {pid}" in status.stderr
    assert "queen/q1: pass via mqtt, attempt 1," in status.stdout

    stopped = daemon("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "queen/q1: stopped\n")
    assert not is_running(pid)
    assert "msg=stopping" in daemon.log()
    assert daemon("stop").stdout == "queen/q1: was not running\n"
    status = daemon("status")
    assert status.returncode == 3
    assert "queen/q1 is not running" in status.stderr


def test_a_queen_at_an_address_of_its_own_is_named_for_other_commands(daemon):
    assert "--queen" not in daemon("start").stderr  # SKEP_QUEEN is there already
    daemon("stop")
    daemon.skep.environment["SKEP_QUEEN"] = "http://127.0.0.1:1"
    assert f"--queen http://127.0.0.1:{daemon.port}" in daemon("start").stderr


def test_the_daemons_own_options_count(daemon):
    """What stands behind -- goes to the daemon, and skep asks where it then is."""
    done = daemon("start", rest=("--id", "q2", "--keep-alive", "7s"))
    assert done.stdout.startswith("queen/q2: pass via ")
    daemon.id = "q2"
    assert daemon("stop").stdout == "queen/q2: stopped\n"


def test_status_without_the_options_of_the_start_says_what_is_missing(daemon):
    assert daemon("start").returncode == 0
    status = daemon.skep("queen", "status", "--id", daemon.id, "--broker", f"mqtt://127.0.0.1:{free_port()}",
                         "--http-url", f"http://127.0.0.1:{free_port()}")
    assert status.returncode == 3
    assert "is running, but does not respond there: give status the options that start had" in status.stderr


def test_a_daemon_that_dies_ends_the_poll(daemon):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", daemon.port))
        taken.listen()
        done = daemon("start", "--initial-delay", "10s", "--max-delay", "10s")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{daemon.port}" in done.stderr
    assert re.search(r"queen/q1 ended after \d+\.\d\d s with exit code 1", done.stderr)
    assert daemon("status").returncode == 3


@pytest.mark.parametrize("options, sentence", [
    (("--broker", "mqtt://u:pw@h"), "--password-file"),
    (("--http", "nope"), "--http"),
])
def test_options_that_the_daemon_refuses_start_nothing(daemon, options, sentence):
    done = daemon("start", rest=options)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr and "started" not in done.stderr and "pw" not in done.stderr.replace(sentence, "")
    assert daemon("status").returncode == 3


def test_only_the_new_lines_of_the_log_are_shown(daemon):
    assert daemon("start").returncode == 0
    daemon("stop")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", daemon.port))
        taken.listen()
        done = daemon("start")
    assert "msg=started" in daemon.log()
    assert "msg=started" not in done.stderr


def test_without_a_broker_it_is_left_running(daemon):
    daemon.broker_port = free_port()
    done = daemon("start", "--attempts", "3")
    assert done.returncode == 3
    assert re.search(r"queen/q1 is not ready: 3 attempts in \d+\.\d\d s; it is left running", done.stderr)
    assert is_running(daemon.pid())
    await_that(lambda: "msg=started" in daemon.log(), "its start")
    status = daemon("status")
    assert status.returncode == 3
    assert "queen/q1: fail via http (queen: no link to the broker: " in status.stderr


def test_a_daemon_that_was_killed_leaves_nothing_behind(daemon):
    assert daemon("start").returncode == 0
    pid = daemon.pid()
    os.kill(pid, signal.SIGKILL)
    await_that(lambda: "is not running" in daemon("status").stderr, "the end of its lock")
    assert daemon("start").returncode == 0
    assert daemon.pid() != pid


def test_a_pid_file_alone_means_nothing(daemon):
    """A stale file that names a living process: only the lock counts."""
    (daemon.folder / "queen-q1.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    assert daemon("stop").stdout == "queen/q1: was not running\n"
    assert daemon("start").returncode == 0
    assert daemon.pid() != os.getpid()


def test_a_lock_of_nobody_is_no_daemon(daemon):
    """The kernel names pid -1 for a lock that is of an open file; told to stop, that is every process there is."""
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with open(daemon.folder / "queen-q1.pid", "w", encoding="ascii") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
        done = daemon("status")
    assert done.returncode == 6
    assert "locked by a process that is not a daemon of skep" in done.stderr


def test_of_two_that_start_at_once_one_daemon_remains(daemon):
    first, second = (daemon.skep.start(*daemon.arguments("start")) for _ in range(2))
    codes = sorted([(first.wait(30)), (second.wait(30))])
    for process in (first, second):
        process.stdout.close()
        process.stderr.close()
    assert codes in ([0, 0], [0, 6])
    assert daemon.log().count("msg=started") == 1


def test_a_folder_that_others_may_enter_is_refused(daemon, tmp_path):
    daemon.folder.chmod(0o755)
    done = daemon("start")
    daemon.folder.chmod(0o700)
    assert done.returncode == 6
    assert "must be a folder of your own" in done.stderr
    assert not list(daemon.folder.iterdir())

    link = tmp_path / "link"
    link.symlink_to(daemon.folder)
    daemon.skep.environment["XDG_RUNTIME_DIR"] = str(link)
    assert daemon("start").returncode == 6
    daemon.skep.environment["XDG_RUNTIME_DIR"] = str(tmp_path / "none")
    none = daemon("status")
    assert none.returncode != 0 and "there is no such folder" in none.stderr
    assert not (tmp_path / "none").exists()
    daemon.skep.environment["XDG_RUNTIME_DIR"] = str(daemon.folder)


def test_a_link_in_place_of_the_log_is_not_followed(daemon, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine\n", encoding="ascii")
    log = daemon.folder / "queen-q1.log"
    log.symlink_to(victim)
    assert daemon("start").returncode == 1
    assert victim.read_text(encoding="ascii") == "mine\n"
    log.unlink()


def test_one_whose_id_another_process_holds_is_refused(daemon, broker, root):
    """The other one answers the health requests, too: that is not the started daemon's answer."""
    other = Queen(broker, root, "--id", daemon.id)
    for options in (), ("--attempts", "1", "--attempt-timeout", "20s"):
        done = daemon("start", *options)
        assert done.returncode == 6 and not done.stdout
        assert f"another queen holds the id {daemon.id}" in done.stderr
        assert not is_running(daemon.pid())
    status = daemon("status")
    assert status.returncode == 3 and not status.stdout
    assert f"queen/q1 was not started by skep here; pid {other.process.pid} responds (pass via mqtt)" in status.stderr
    other.end()


def test_one_that_does_not_end(daemon):
    """A process that was stopped does not see SIGTERM until it goes on."""
    assert daemon("start").returncode == 0
    pid = daemon.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        done = daemon("stop")
        assert done.returncode == 1
        assert f"queen/q1 (pid {pid}) is still running 15 s after SIGTERM" in done.stderr
        assert time.monotonic() - begun >= 15
    finally:
        os.kill(pid, signal.SIGCONT)
    await_that(lambda: not is_running(pid), "the daemon's end")


@pytest.mark.parametrize("arguments, code, sentence", [
    (["queen"], 2, "start, stop or status"),
    (["queen", "dance"], 2, "dance: must be start, stop or status"),
    (["queen", "start", "stop"], 2, "unexpected argument"),
    (["queen", "start", "--id", "a/b"], 2, "--id"),
    (["queen", "start", "--", "--nonsense"], 2, "skep-queen: --nonsense"),
])
def test_wrong_use(daemon, arguments, code, sentence):
    done = daemon.skep(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert not list(daemon.folder.iterdir())


def test_a_program_that_is_not_there(daemon, tmp_path):
    alone = tmp_path / "bin"
    alone.mkdir()
    shutil.copy(BIN / "skep", alone)
    done = daemon.skep("queen", "start", executable=alone / "skep")
    assert done.returncode == 4
    assert f"skep-queen is not installed next to {alone}/skep" in done.stderr


def test_a_hive_that_is_killed_and_started_again_keeps_its_workers(tmp_path, broker, root):
    """Though nobody said where it shall write them down."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    (tmp_path / "hive.ini").write_text('[worker "w1"]\ncommand = sleep 600\n', encoding="ascii")
    skep = Skep("http://127.0.0.1:1")
    skep.environment["XDG_RUNTIME_DIR"] = str(run)
    port = free_port()

    def hive(verb):
        return skep("hive", verb, *FAST, "--id", "h1", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--root", root, "--",
                    "--config", tmp_path / "hive.ini", "--http", f"127.0.0.1:{port}")

    def witness():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/workers", timeout=10) as answer:
            return json.load(answer)["workers"][0]

    try:
        assert hive("start").returncode == 0
        await_that(lambda: witness()["state"] == "running", "w1 running")
        before = witness()
        os.kill(int((run / "hive-h1.pid").read_text(encoding="ascii")), signal.SIGKILL)
        assert hive("start").returncode == 0
        after = witness()
        assert (after["pid"], after["restarts"]) == (before["pid"], 0)
    finally:
        assert hive("stop").returncode == 0
    await_that(lambda: not is_running(before["pid"]), "the end of w1")


def test_a_port_that_the_daemon_chooses_is_not_polled(daemon):
    daemon.port = 0
    done = daemon("start")
    assert done.returncode == 0 and "via mqtt" in done.stdout
    assert "port 0" not in done.stderr


def test_a_hive_without_an_id_has_the_name_of_its_host(tmp_path, broker, root):
    """skep asks the daemon for its settings, so all verbs find it."""
    (tmp_path / "run").mkdir(mode=0o700)
    skep = Skep("http://127.0.0.1:1")
    skep.environment |= {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "SKEP_BROKER": f"mqtt://127.0.0.1:{broker.port}",
                         "SKEP_ROOT": root, "SKEP_HTTP": f"127.0.0.1:{free_port()}"}
    name = f"hive/{socket.gethostname()}"
    try:
        assert skep("hive", "start", *FAST).stdout.startswith(f"{name}: pass via ")
        assert skep("hive", "status").stdout.startswith(f"{name}: pass via ")
    finally:
        assert skep("hive", "stop").stdout == f"{name}: stopped\n"
