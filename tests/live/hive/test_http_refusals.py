"""Requests that queen, hive and worker refuse, of every kind: each leaves nothing behind, and health is answered all the
while. Each request brings 20 KB, so that what is kept of each would show in the memory of the process."""

import os
import pathlib
import socket
import time

import pytest

from fleet import LIMIT_S, Agent, await_that

LONG = "a" * 20000
HOST = "Host: 127.0.0.1\r\n"
COUNT = 400
KEPT_MAX = 2 << 20  # bytes of all requests of a kind; each of 400 that kept its own would be 8 MB
ROUNDS = 5  # of a kind: memory may grow once because more of them came together, but what is kept grows each time
NOTICED_S = 3  # then those that left are noticed, mostly

KINDS = {
    "no such path": f"GET /{LONG} HTTP/1.1\r\n{HOST}\r\n",
    "no such method": f"BREW /health?{LONG} HTTP/1.1\r\n{HOST}\r\n",
    "another host": f"GET /{LONG} HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "two hosts": f"GET /{LONG} HTTP/1.1\r\n{HOST}Host: evil.example\r\n\r\n",
    "a target with another host": f"GET http://evil.example/{LONG} HTTP/1.1\r\n{HOST}\r\n",
    "cookies": f"GET /{LONG} HTTP/1.1\r\n{HOST}Cookie: " + "a=b; " * 500 + "\r\n\r\n",
    "parameters": f"GET /nowhere?{'a&' * 10000} HTTP/1.1\r\n{HOST}\r\n",
    "too long a target": f"GET /{LONG * 3} HTTP/1.1\r\n{HOST}\r\n",
    "too many fields": f"GET / HTTP/1.1\r\n{HOST}" + "x: y\r\n" * 4000 + "\r\n",
    "no protocol": f"\x16\x03\x01{LONG}\r\n\r\n",
    "chunked": f"POST /{LONG} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n",
    "too long a body": f"POST /{LONG} HTTP/1.1\r\n{HOST}Content-Length: 999999999\r\n\r\n",
    "a page of another site": f"DELETE /v1/workers/{LONG} HTTP/1.1\r\n{HOST}Origin: http://evil.example\r\n\r\n",
    "no token": f"DELETE /v1/workers/w1?{LONG} HTTP/1.1\r\n{HOST}\r\n",
    "left in its fields": f"GET /{LONG} HTTP/1.1\r\n{HOST}X: ",
    "left in its body": f"POST /v1/worker/heartbeat HTTP/1.1\r\n{HOST}Content-Length: 900\r\n\r\nabc",
}


def memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def request(port, text, leaves):
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
        client.settimeout(LIMIT_S)
        try:
            client.sendall(text.encode("latin-1"))
            if not leaves:
                return client.recv(65536)
        except ConnectionError:
            pass  # refused before it was read to its end
    return b""


@pytest.fixture(params=["queen", "hive", "worker"])
def program(request, monkeypatch, hive, broker, root, started):
    """(pid, port). AddressSanitizer would keep freed memory."""
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
    if request.param == "queen":
        queen = request.getfixturevalue("queen")
        return queen.process.pid, queen.port
    if request.param == "hive":
        made = hive("")
        return made.process.pid, int(made.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    worker = started(Agent, broker, root, "h1/w1", "--simulate", "--http", f"127.0.0.1:{port}")
    await_that(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the worker's page")
    return worker.process.pid, port


def keeps_nothing(program, kind, text):
    pid, port = program
    leaves, before = kind.startswith("left"), memory(pid)
    for _ in range(COUNT):
        answer = request(port, text, leaves)
        assert not answer.startswith(b"HTTP/1.1 2"), kind
    end = time.monotonic() + NOTICED_S
    while memory(pid) - before >= KEPT_MAX and time.monotonic() < end:
        time.sleep(0.05)
    return memory(pid) - before < KEPT_MAX


def test_nothing_is_kept(program):
    _, port = program
    health = f"GET /health HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
    for kind, text in KINDS.items():  # until its memory has the size that it needs for these, also for all that left at once
        for _ in range(COUNT if kind.startswith("left") else 20):
            request(port, text, kind.startswith("left"))
    for kind, text in KINDS.items():
        assert any(keeps_nothing(program, kind, text) for _ in range(ROUNDS)), f"each round keeps more: {kind}"
        assert request(port, health, False).startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), kind
