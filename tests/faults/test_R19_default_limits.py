"""R19: a mosquitto with its default limits drops what waits for a subscriber, without a word. A queen that starts knows all
that is stored, or its health has how many it knows and how many there are; it is never `pass` with fewer. Also one that
runs at half its pace. SKEP_LONG=1: 50,000 workers."""

import json
import os
import signal
import threading
import time

import pytest

import measure
from device import Device
from fleet import LIMIT_S, Broker, Queen, await_that, stop

LONG = os.environ.get("SKEP_LONG") == "1"
HIVES, WORKERS = (50, 1000) if LONG else (20, 250)
ALL_KNOWN_S = 60
PAUSE_S = 0.02
BEAT = json.dumps({"status": "idle", "interval_ms": 30000, "retain_s": 86400, "session": "00000000000000aa", "connection": 1,
                   "seq": 1, "pad": "x" * 300})


@pytest.fixture
def limited(tmp_path):
    """As mosquitto is without options, but that it publishes its counters every 2 s."""
    (tmp_path / "broker").mkdir()
    broker = Broker(tmp_path / "broker", "max_queued_messages 1000", "sys_interval 2")
    yield broker
    broker.end()


def store(started, broker, root, hives, workers):
    """Groups of workers, of which nothing but their heartbeats is stored."""
    client = started(Device, broker.port, root, "other/device").client
    for h in range(hives):
        for w in range(workers):
            client.publish(f"{root}/hive/g{h}/worker/g{h}w{w}/heartbeat", BEAT, qos=0, retain=True)
    client.publish(f"{root}/stored", "{}", qos=1).wait_for_publish(3 * LIMIT_S)


class SlowQueen(Queen):
    """It stands still half of the time."""

    def start(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.slow_down)
        self.process = None
        self.thread.start()
        super().start()

    def slow_down(self):
        while not self.over.wait(PAUSE_S):
            if self.process and self.process.poll() is None:
                stop(self.process.pid)
                time.sleep(PAUSE_S)
                self.send(signal.SIGCONT)

    def end(self, how=signal.SIGTERM):
        self.over.set()
        self.thread.join()
        return super().end(how)


def known(queen):
    return queen.ask("/v1/workers?limit=1")[1]["total"]


def health(queen):
    """Its status, how many workers it has read and how many are stored (or None), and its sentence."""
    document = queen.ask("/health")[1]
    checks = [document["checks"].get(f"snapshot:{name}") for name in ("read", "stored")]
    return document["status"], [check[0]["observedValue"] for check in checks] if all(checks) else None, document["description"]


def await_truth(queen, count):
    """Until the queen has come to a conclusion: it knows all, or health warns with both numbers. Those who were dropped are
    counted by the broker with all else that it drops, so they may be said to be more than they are."""
    begin = time.monotonic()

    def concluded():
        status, numbers, text = health(queen)
        if status == "pass":
            assert known(queen) >= count, "pass with fewer"
            return True
        return status == "warn" and "checking" not in text and numbers[1] >= count

    await_that(concluded, "a conclusion", 3 * LIMIT_S)
    measure.measured(f"{count} stored workers: {health(queen)}", [time.monotonic() - begin])


def test_many_groups(limited, root, started):
    store(started, limited, root, HIVES, WORKERS)
    queen = started(Queen, limited, root)
    await_that(lambda: known(queen) >= HIVES * WORKERS, "all workers", ALL_KNOWN_S)
    await_truth(queen, HIVES * WORKERS)


def test_one_group(limited, root, started):
    store(started, limited, root, 1, HIVES * WORKERS)
    queen = started(Queen, limited, root)
    await_truth(queen, HIVES * WORKERS)


def test_a_queen_at_half_its_pace(limited, root, started):
    store(started, limited, root, HIVES, WORKERS)
    await_truth(started(SlowQueen, limited, root), HIVES * WORKERS)
