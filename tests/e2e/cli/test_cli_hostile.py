"""skep at a server that is nobody's queen, or a queen with a hive that never rests: memory, time and requests have an
end."""

import http.server
import json
import os
import re
import subprocess
import threading
import urllib.parse

import pytest

from fleet import BIN, LIMIT_S, Skep

MEMORY_MAX = 250  # MiB: more than a page has, far less than a tree of it
WORKER = {"worker_id": "w1", "hive_id": "h1", "state": "online"}


class Server(http.server.ThreadingHTTPServer):
    """`answer` makes the body of an answer from a path and its parameters; `paths` are those of all requests."""

    daemon_threads = True

    def __init__(self, answer):
        self.answer, self.paths = answer, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        self.server.paths.append(url.path)
        answer = self.server.answer(url.path, dict(urllib.parse.parse_qsl(url.query)))
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # it has had enough
            pass

    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    """served(answer) is such a server."""
    servers = []

    def serve(answer):
        servers.append(Server(answer))
        threading.Thread(target=servers[-1].serve_forever).start()
        return servers[-1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def run_measured(server, *arguments):
    """The exit code, what it wrote, and the most MiB that it had."""
    with subprocess.Popen([BIN / "skep", *arguments], env=Skep(server.url).environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, output, usage.ru_maxrss / 1024


def page(start, count, total):
    workers = [{**WORKER, "worker_id": f"w{start + i}"} for i in range(count)]
    return {"workers": workers, "total": total, "next": start + count}


@pytest.mark.parametrize("arguments", [["ps"], ["ps", "-o", "json"], ["ps", "--watch"], ["events"], ["describe", "w1"],
                                       ["wait", "w1"]])
@pytest.mark.parametrize("why, head, middle, tail", [
    ("numbers", b'{"workers":[0', b",0", b"]}"),
    ("events that are numbers", b'{"events":[0', b",0", b"]}"),
    ("empty workers", b'{"workers":[{}', b",{}", b"]}"),
    ("empty events", b'{"events":[{}', b",{}", b"]}"),
    ("members", b'{"a":0', b',"a":0', b',"workers":[],"events":[]}'),
    ("a large worker", b'{"workers":[{"heartbeat":[0', b",0", b"]}]}"),
])
def test_an_answer_that_costs_more_than_it_weighs_is_refused(served, arguments, why, head, middle, tail):
    server = served(lambda *_: head + middle * (24_000_000 // len(middle)) + tail)
    code, output, memory = run_measured(server, *arguments)
    assert code == 1, why
    assert re.fullmatch(r"skep: .*(is it a queen\?|is larger than \d+ KiB)\n", output)
    assert memory < MEMORY_MAX


@pytest.mark.parametrize("why, answer, says", [
    ("more workers than its total", lambda at: page(at, 1000, 1), "more workers than its total"),
    ("empty pages", lambda at: page(at + 1, 0, 10**9), "a page is empty"),
    ("the same page", lambda at: {**page(0, 1, 10**9), "next": 5}, "the cursor does not advance"),
])
def test_a_list_without_end_ends(served, why, answer, says):
    server = served(lambda path, query: answer(int(query.get("cursor", 0))))
    code, output, memory = run_measured(server, "ps", "-o", "json")
    assert code == 1, why
    assert says in output
    assert memory < MEMORY_MAX


def test_pages_of_a_list_are_put_together(served):
    last = {**page(2000, 500, 2500), "next": None}
    server = served(lambda path, query: page(at, 1000, 2500) if (at := int(query.get("cursor", 0))) < 2000 else last)
    code, output, _ = run_measured(server, "ps", "-o", "name")
    assert (code, output.split()) == (0, [f"h1/w{i}" for i in range(2500)])


class Busy:
    """A queen one of whose hives never rests: with each request there are `rate` more events than before."""

    def __init__(self, rate):
        self.rate, self.last = rate, 5000

    def __call__(self, path, query):
        self.last += self.rate
        if path == "/v1/events":
            first = max(int(query["after"]), self.last - 1000) + 1
            return {"events": [{**WORKER, "event_id": i, "worker_id": "busy"} for i in range(first, self.last + 1)],
                    "last": self.last}
        return {"workers": [WORKER], "total": 1, "next": None} if path == "/v1/workers" else WORKER


@pytest.mark.parametrize("rate", [1, 999])
@pytest.mark.parametrize("state, timeout, code", [("online", "30s", 0), ("stale", "2s", 124)])
def test_wait_is_not_held_by_events_of_others(served, rate, state, timeout, code):
    server = served(Busy(rate))
    done = Skep(server.url)("wait", "h1/w1", "--for", state, "--timeout", timeout)
    assert done.returncode == code, done.stderr
    assert server.paths[:2] == ["/v1/events", "/v1/hives/h1/workers/w1"]


def test_events_ends_while_there_are_more(served):
    done = Skep(served(Busy(1)).url)("events", "-o", "jsonl")
    assert done.returncode == 0
    assert [json.loads(line)["event_id"] for line in done.stdout.splitlines()] == list(range(4002, 5002))


def test_watch_tells_each_event_once_from_before_the_list(served):
    server = served(Busy(3))
    with Skep(server.url).start("ps", "--watch", "-o", "jsonl") as watch:
        assert json.loads(watch.stdout.readline()) == WORKER
        told = [json.loads(watch.stdout.readline())["event_id"] for _ in range(100)]
        watch.kill()
    assert told == list(range(5004, 5104))
    assert server.paths[:3] == ["/v1/events", "/v1/workers", "/v1/events"]


def test_events_that_come_again_are_not_told_again(served):
    """Nor is a server that does not wait kept busy."""
    server = served(lambda *_: {"events": [{**WORKER, "event_id": 7}]})
    with Skep(server.url).start("events", "-f", "-o", "jsonl") as follow:
        assert json.loads(follow.stdout.readline())["event_id"] == 7
        with pytest.raises(subprocess.TimeoutExpired):
            follow.wait(3)
        follow.kill()
        assert follow.stdout.read() == ""
    assert len(server.paths) < 10
