"""A queen out of memory is healthy or gone 10 s later, and never one that runs and is blind or deaf: whoever supervises it
starts it again."""

import http.client
import json
import os
import resource
import struct
import threading
import time
import urllib.request

import pytest

import measure
from device import Device
from fleet import Queen

LONG = os.environ.get("SKEP_LONG") == "1"
LIMIT_S = 10
WORKERS = 2000
LARGE = {"labels": {f"k{i}": "v" * 200 for i in range(16)}, "more": ["y" * 100] * 60}


class Starving(Queen):
    """A queen of which `starve` fails allocations."""

    def start(self):
        self.file = self.log.with_suffix(".every")
        self.file.write_bytes(bytes(4))
        self.inside = ("env", f"LD_PRELOAD={os.environ['SKEP_STARVING']}", f"SKEP_STARVING_FILE={self.file}")
        super().start()

    def starve(self, every):
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=I", every))


class Load:
    """A fleet with large heartbeats, and somebody who reads lists, until it is stopped."""

    def __init__(self, publisher, url):
        self.publisher, self.url = publisher, url
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=each) for each in (self.beat, self.read)]
        for thread in self.threads:
            thread.start()

    def beat(self):
        number = 0
        while not self.is_over.wait(0.001):
            number = (number + 1) % WORKERS
            self.publisher.beat_as(f"load/w{number}", **LARGE)

    def read(self):
        while not self.is_over.wait(0.05):
            try:
                with urllib.request.urlopen(self.url + "/v1/workers", timeout=LIMIT_S) as response:
                    response.read()
            except (OSError, http.client.HTTPException):
                pass

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()


class Publisher(Device):
    """Publishes for many."""

    def __init__(self, port, root):
        super().__init__(port, root, "load/publisher")
        self.root = root

    def beat_as(self, name, **fields):
        hive, worker = name.split("/")
        self.client.publish(f"{self.root}/hive/{hive}/worker/{worker}/heartbeat", json.dumps({"status": "idle", **fields}), retain=True)


@pytest.fixture
def publisher(broker, root, started):
    return started(Publisher, broker.port, root)


def is_gone(queen):
    return queen.process.poll() is not None


def serves(queen, publisher, name):
    """It answers, and whoever is new is known 2 s later."""
    publisher.beat_as(name)
    for _ in range(20):
        time.sleep(0.1)
        try:
            if queen.ask("/health")[0] == 200 and queen.worker(name):
                return True
        except (OSError, http.client.HTTPException):
            pass
    return False


def judge(queen, publisher, what):
    """Of one that is starved since now."""
    began = time.monotonic()
    while not is_gone(queen) and time.monotonic() < began + LIMIT_S:
        time.sleep(0.05)
    took = time.monotonic() - began
    is_well = not is_gone(queen) and any(serves(queen, publisher, f"new/w{i}") for i in range(3))
    measure.lines.append(f"{what}: {'healthy' if is_well else f'exit {queen.process.poll()} after {took:.1f} s'}")
    assert is_well or queen.process.poll(), f"{what}: it runs, and is blind or deaf"


def under_load(queen, publisher, starve, what):
    load = Load(publisher, queen.url)
    try:
        time.sleep(1)
        starve()
        judge(queen, publisher, what)
    finally:
        load.end()


@pytest.mark.parametrize("room_kib", [0, 512, 2048, 16384] if LONG else [0, 2048])
def test_no_more_addresses(broker, root, started, publisher, room_kib):
    queen = started(Queen, broker, root)

    def starve():
        pages = int(open(f"/proc/{queen.process.pid}/statm", encoding="ascii").read().split()[0])
        limit = pages * resource.getpagesize() + room_kib * 1024
        resource.prlimit(queen.process.pid, resource.RLIMIT_AS, (limit, limit))

    under_load(queen, publisher, starve, f"{room_kib} KiB are left")


@pytest.mark.parametrize("every", [10, 30, 100, 300, 1000, 3000, 10000, 100000] if LONG else [30, 1000])
def test_allocations_that_fail(broker, root, started, publisher, every):
    queen = started(Starving, broker, root)
    under_load(queen, publisher, lambda: queen.starve(every), f"each {every}th allocation fails")
