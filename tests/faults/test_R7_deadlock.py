"""R7: a program that has reported progress deadlocks with a request in flight. It is not stopped, its agent goes on to send
heartbeats, and it is a zombie all the same. SKEP_LONG=1: with the default limit, within 75 s."""

import os
import sys
import time

import measure
from fleet import Agent, Queen, await_that

LONG = os.environ.get("SKEP_LONG") == "1"
STALL_MS, LIMIT_S = (60000, 75) if LONG else (2000, 17)  # a heartbeat comes at the limit, and a verification takes 5 s

CHILD = """
import os, socket, sys, threading
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
for line in ["READY=1", "X_SKEP_INFLIGHT=1", *sys.argv[2:], "WATCHDOG=1", "WATCHDOG=1"]:
    notify.send(line.encode())
first, second, met = threading.Lock(), threading.Lock(), threading.Barrier(2)
def work(one, other):
    with one:
        met.wait()
        open(sys.argv[1], "w").close()
        with other:
            notify.send(b"WATCHDOG=1")
threading.Thread(target=work, args=(first, second)).start()
work(second, first)
"""


def test_a_deadlock_is_a_zombie(broker, root, started, tmp_path):
    queen = started(Queen, broker, root)
    began = tmp_path / "began"
    more = () if LONG else (f"X_SKEP_STALL_MS={STALL_MS}",)
    started(Agent, broker, root, "h1/w1", "--exec", "--", sys.executable, "-c", CHILD, began, *more)
    await_that(began.exists, "the deadlock")
    at = time.monotonic()
    await_that(lambda: (worker := queen.worker("h1/w1")) and worker["state"] == "zombie", "a zombie", LIMIT_S)
    took = time.monotonic() - at
    measure.lines.append(f"zombie {took:.1f} s after the deadlock, with a limit of {STALL_MS / 1000:.0f} s")
    assert took > STALL_MS / 1000 - 1
    assert [(event["state"], event["cause"]) for event in queen.events("h1/w1")] == [
        ("online", "birth"), ("suspect", "stalled"), ("zombie", "stalled")]
