"""Clients that ask for much over HTTP, or take nothing of what they get: the queen keeps its broker, its memory and its
other clients."""

import json
import pathlib
import selectors
import socket

import pytest

from device import Device
from fleet import LIMIT_S, Queen, await_that

WORKERS = 1500
NOTE = "x" * 2000  # makes a list of 4 MB
LIST = b"GET /v1/workers?limit=100000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ROUTING = b"GET /v1/workers?label.zone=none&sort=queue_depth&limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CONNECTIONS = 200
ADMITTED = 40, 60


@pytest.fixture
def crowded(broker, root, started):
    """A queen that knows many workers, and the device that spoke for them."""
    queen = started(Queen, broker, root)
    device = started(Device, broker.port, root, "h1/first")
    for i in range(WORKERS):
        document = {"status": "idle", "queue_depth": i, "labels": {"zone": "z1"}, "note": NOTE, "interval_ms": 3600000}
        device.client.publish(f"{root}/hive/h1/worker/w{i}/heartbeat", json.dumps(document), qos=1)
    await_that(lambda: queen.ask("/v1/workers?limit=1")[1]["total"] >= WORKERS, "all workers")
    return queen, device


def connect(queen, request, buffer=None):
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(LIMIT_S)
    client.connect(("127.0.0.1", queen.port))
    client.sendall(request)
    return client


def memory(queen):
    status = pathlib.Path(f"/proc/{queen.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_lists_come_whole_in_slices(crowded):
    queen, device = crowded
    before = queen.ask("/v1/workers?limit=100000")[1]
    names = [w["worker_id"] for w in before["workers"]]
    assert len(names) == len(set(names)) == before["total"] == WORKERS
    device.beat(queue_depth=1)  # one more, while nobody looks
    queen.await_state("h1/first")
    assert len(queen.workers()) == WORKERS + 1


def test_many_requests_stop_nothing(crowded):
    queen, device = crowded
    clients = [connect(queen, ROUTING if i % 2 else LIST) for i in range(CONNECTIONS)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client, selectors.EVENT_READ)
    answers, beats = 0, 0
    while answers < 2 * CONNECTIONS or beats < 20:
        for key, _ in selector.select(LIMIT_S):
            if key.fileobj.recv(1 << 20).endswith((b"}", b"0\r\n\r\n")):
                key.fileobj.sendall(ROUTING)
                answers += 1
        if answers > beats * CONNECTIONS // 10:
            beats += 1
            device.beat(queue_depth=beats)
            queen.await_heartbeat("h1/first", lambda beat, n=beats: beat["queue_depth"] == n)
            assert queen.ask("/health")[0] == 200
    for client in clients:
        client.close()
    assert "lost the broker" not in queen.said()


def test_readers_that_take_nothing_hold_little(crowded):
    queen, _ = crowded
    queen.workers()
    before = memory(queen)
    clients = [connect(queen, LIST, buffer=4096) for _ in range(CONNECTIONS)]
    first = [client.recv(100)[9:12] for client in clients]  # under way, or refused
    assert set(first) == {b"200", b"503"}
    assert ADMITTED[0] <= first.count(b"200") <= ADMITTED[1], "16 MiB of one address: 320 KiB for each, with the kernel's"
    assert memory(queen) - before < CONNECTIONS * 512 * 1024, "each would hold 4 MB"
    assert queen.ask("/health")[0] == 200
    for client in clients:
        client.close()
    await_that(lambda: len(queen.workers()) == WORKERS, "a list for one who takes it")
