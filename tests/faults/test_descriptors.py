"""A queen and a hive without a free descriptor: what is under way goes on, what needs one is reported or comes when there are
some again."""

import os
import resource

import pytest

from fleet import Agent, await_that
from hive import Hive

NAMES = [f"g/w{i}" for i in range(3)]
WORKER = "hive-a/w1"


class Descriptors:
    """Of a process: it has none left between `take` and `give_back`."""

    def __init__(self, pid):
        self.pid, self.limits = pid, resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def take(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (0, self.limits[1]))

    def give_back(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.limits)


@pytest.fixture
def without():
    """without(pid) has no descriptors, until they are given back or the test ends."""
    made = []

    def take(pid):
        made.append(Descriptors(pid))
        made[-1].take()
        return made[-1]

    yield take
    for descriptors in made:
        try:
            descriptors.give_back()
        except ProcessLookupError:
            pass


def test_a_queen(broker, root, started, watch, without):
    """Verdicts go on over MQTT; who asks over HTTP waits, and has all of it afterwards."""
    queen, oracle = watch(broker)
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--simulate") for name in NAMES}
    oracle.await_told()
    descriptors = without(queen.process.pid)
    oracle.did(NAMES[0], "kill without descriptors", "stale", cause="last_will", shown=("suspect",))
    agents[NAMES[0]].kill()
    oracle.listener.await_message(lambda m: b'"stale"' in m.payload, "the verdict on the topic")
    descriptors.give_back()
    oracle.await_told()
    assert not oracle.faults()
    assert queen.process.poll() is None


def test_a_hive(broker, root, started, watch, without):
    """A program that ends cannot be started again: that is reported, and it is when there are descriptors again."""
    queen, oracle = watch(broker)
    oracle.did("hive-a", "start", "starting", "ready")
    oracle.did(WORKER, "start", "online")
    hive = started(Hive, broker, root, '[worker "w1"]\ncommand = sleep 600\n').run()
    oracle.await_told()
    agent = hive.witness("w1")["pid"]
    descriptors = without(hive.process.pid)
    oracle.did(WORKER, "kill without descriptors", "stale", shown=("suspect",))
    os.kill(agent, 9)
    oracle.await_told()
    oracle.did(WORKER, "descriptors again", "online", shown=("stale",))
    descriptors.give_back()
    oracle.await_told()
    assert not oracle.faults()
    assert await_that(lambda: hive.get("/health")["status"] == "pass", "a healthy hive")
