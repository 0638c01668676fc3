"""Requests that queen, hive and worker refuse, of every kind: each leaves nothing behind, and health is answered all the
while. Each request brings 20 KB, so that what is kept of each would show in the memory of the process."""

import pathlib
import socket

import pytest

from fleet import LIMIT_S, Agent, await_that

LONG = "a" * 20000
HOST = "Host: 127.0.0.1\r\n"
COUNT = 400
KEPT_MAX = 2 << 20  # bytes of all requests of a kind; each of 400 that kept its own would be 8 MB

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
def program(request, hive, broker, root, started):
    """(pid, port)"""
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


def test_nothing_is_kept(program):
    pid, port = program  # those that left are not noticed at once, and take memory until then
    health = f"GET /health HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
    for kind, text in KINDS.items():  # until its memory has the size that it needs for these
        for _ in range(COUNT if kind.startswith("left") else 20):
            request(port, text, kind.startswith("left"))
    for kind, text in KINDS.items():
        leaves, before = kind.startswith("left"), memory(pid)
        for _ in range(COUNT):
            answer = request(port, text, leaves)
            assert not answer.startswith(b"HTTP/1.1 2"), kind
        assert request(port, health, False).startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), kind
        await_that(lambda before=before: memory(pid) - before < KEPT_MAX, f"what is kept: {kind}")
