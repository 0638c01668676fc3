"""skep ps --watch, events and wait: what changes, as it changes."""

import http.server
import json
import re
import signal
import threading
import time

import pytest

from fleet import LIMIT_S, Skep


@pytest.fixture
def started(skep):
    """started("ps", "--watch") runs until the end of the test."""
    processes = []

    def start(*arguments):
        processes.append(skep.start(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=LIMIT_S)


def change_of(line):
    """HIVE/WORKER, FROM, TO and (CAUSE) of a line for people."""
    _, worker, before, arrow, after, cause = line.split()[:6]
    assert arrow == "->"
    return worker, before, after, cause


def test_watch_prints_the_table_and_then_changes_only(skep, fleet, started):
    steady, leaving = fleet("h1/steady"), fleet("h1/leaving")
    watch = started("ps", "--watch")
    assert [watch.stdout.readline().split()[0] for _ in range(3)] == ["WORKER", "leaving", "steady"]
    for i in range(20):
        steady.beat(queue_depth=i)
    leaving.leave()
    assert change_of(watch.stdout.readline()) == ("h1/leaving", "online", "offline", "(goodbye)")
    fleet("h1/new")
    assert change_of(watch.stdout.readline()) == ("h1/new", "unknown", "online", "(heartbeat)")


def test_watch_for_scripts_prints_events(skep, fleet, started):
    device = fleet("h1/w1")
    watch = started("ps", "--watch", "-o", "jsonl")
    assert json.loads(watch.stdout.readline())["heartbeat"] == {"status": "idle"}
    device.crash()
    event = json.loads(watch.stdout.readline())
    assert (event["previous"], event["state"], event["cause"]) == ("online", "stale", "last_will")
    assert event["evidence"]["path"] == "will"


def test_watch_keeps_to_the_filters(skep, fleet, started):
    other, lost, left = fleet("h2/other"), fleet("h1/lost"), fleet("h1/left")
    watch = started("ps", "--watch", "--hive", "h1", "--state", "stale")
    skep.wait("lost")
    other.crash()
    skep.wait("other", "stale")
    left.leave()
    skep.wait("left", "offline")
    lost.crash()
    assert change_of(watch.stdout.readline()) == ("h1/lost", "online", "stale", "(last_will)")


def test_watch_outlives_a_restart_of_the_queen(skep, queen, fleet, started):
    device = fleet("h1/w1")
    watch = started("ps", "--watch")
    assert [watch.stdout.readline().split()[0] for _ in range(2)] == ["WORKER", "w1"]
    queen.end()
    assert "waiting for it to come back" in watch.stderr.readline()
    queen.start()
    assert "is back" in watch.stderr.readline()
    device.beat()
    skep.wait("w1")
    device.leave()
    while change_of(line := watch.stdout.readline())[2] != "offline":
        assert change_of(line)[0] == "h1/w1"


def test_events_are_lines_oldest_first(skep, fleet):
    fleet("h1/w1").crash()
    skep.wait("w1", "stale")
    done = skep("events")
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if " fleet " not in line]
    assert [change_of(line) for line in lines] == [("h1/w1", "unknown", "online", "(heartbeat)"),
                                                   ("h1/w1", "online", "stale", "(last_will)")]
    assert all(line.split()[0].endswith("Z") and len(line.split()) > 6 for line in lines)


def test_events_for_scripts(skep, fleet):
    fleet("h1/w1")
    events = [json.loads(line) for line in skep("events", "-o", "jsonl").stdout.splitlines()]
    ids = [event["event_id"] for event in events]
    assert ids == sorted(set(ids)) and all(isinstance(i, int) for i in ids)
    assert [event["state"] for event in events if event.get("worker_id") == "w1"] == ["online"]


def test_events_follow(skep, fleet, started):
    device = fleet("h1/w1")
    follow = started("events", "-f", "-o", "jsonl")
    while json.loads(follow.stdout.readline()).get("worker_id") != "w1":
        pass
    device.leave()
    assert json.loads(follow.stdout.readline())["state"] == "offline"


def test_wait_returns_at_once_when_it_is_so(skep, fleet):
    fleet("h1/w1")
    done = skep("wait", "h1/w1", "--timeout", "0")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("worker", ["late", "h1/late"])
def test_wait_sees_a_worker_come(fleet, started, worker):
    wait = started("wait", worker, "--for", "online", "--timeout", f"{LIMIT_S}s")
    fleet("h1/late")
    assert wait.wait(LIMIT_S) == 0


def test_wait_sees_a_worker_go(skep, fleet, started):
    device = fleet("h1/w1")
    wait = started("wait", "w1", "--for", "stale", "--timeout", f"{LIMIT_S}s")
    device.crash()
    assert wait.wait(LIMIT_S) == 0
    assert "h1/w1" in skep("ps", "-o", "name", "--state", "stale").stdout


def test_wait_sees_what_was_passed_through(fleet, started):
    device = fleet("h1/w1")
    wait = started("wait", "w1", "--for", "offline", "--timeout", f"{LIMIT_S}s")
    while wait.poll() is None:
        device.leave()
        device.beat()
    assert wait.returncode == 0


@pytest.mark.parametrize("worker, why", [("nobody", "unknown"), ("w1", "online")])
@pytest.mark.parametrize("timeout", ["0", "300ms", "1200ms"])
def test_wait_times_out(skep, fleet, worker, why, timeout):
    fleet("h1/w1")
    done = skep("wait", worker, "--for", "zombie", "--timeout", timeout)
    assert done.returncode == 124
    assert done.stdout == ""
    assert done.stderr == f"skep: timed out: {worker} is {why}, not zombie\n"


class Hanging(http.server.BaseHTTPRequestHandler):
    """A queen that knows h1/w1; what the server's `silent` finds in a path is never answered."""

    def do_GET(self):
        if re.search(self.server.silent, self.path):
            self.server.ended.wait()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"events":[],"hive_id":"h1","worker_id":"w1","state":"online"}')

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("why, silent, code", [("it never answered", "", 5), ("it answered, and hangs", "wait=", 124)])
def test_wait_gives_up_in_time_when_the_queen_hangs(why, silent, code):
    """An answer may take 10 s, but not beyond the end of the wait."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hanging) as server:
        server.silent, server.ended = silent, threading.Event()
        threading.Thread(target=server.serve_forever).start()
        asked = time.monotonic()
        done = Skep(f"http://127.0.0.1:{server.server_port}")("wait", "w1", "--for", "stale", "--timeout", "2s")
        took = time.monotonic() - asked
        server.ended.set()
        server.shutdown()
    assert done.returncode == code, why
    assert took < 8


def test_wait_refuses_a_name_that_several_have(skep, fleet):
    fleet("h1/w1")
    fleet("h2/w1")
    done = skep("wait", "w1")
    assert done.returncode == 2
    assert "h1/w1" in done.stderr and "h2/w1" in done.stderr


@pytest.mark.parametrize("arguments", [["ps", "--watch"], ["events", "-f"], ["wait", "w1", "--for", "stale"]])
def test_an_interrupt_ends_it_with_130(fleet, started, arguments):
    fleet("h1/w1")
    process = started(*arguments)
    if arguments[0] != "wait":
        assert process.stdout.readline()
    else:
        await_handler(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 130


def await_handler(pid):
    """Until the process catches SIGINT."""
    bit = 1 << (signal.SIGINT - 1)
    while True:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
        if caught & bit:
            return
