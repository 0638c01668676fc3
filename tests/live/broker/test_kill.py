"""kill -9 of an agent in a fleet: its last will, confirmed, makes it stale. R4."""

import time

import pytest

from conftest import LONG
from fleet import Queen, await_that
from listener import Listener
from measure import measured

FLEET = 40
KILLS, APART_S = (50, 4) if LONG else (5, 0)


def kill_one(victim, queen, listener):
    """Seconds from the kill to the verdict, and the verdict. The victim is back when this returns."""
    since = len(listener.messages)
    topic = f"{queen.root}/queen/queen/verdict/{victim.name}"
    killed_at = victim.kill()
    verdict, heard_at = listener.await_document(topic, since, state="stale")
    victim.start()
    queen.await_state(victim.name)
    return heard_at - killed_at, verdict


@pytest.mark.parametrize("what, options, person, result", [
    ("kill -9 to stale", [], None, "no_subscriber"),
    ("kill -9 to stale, --confirm-wait 0", ["--confirm-wait", "0ms"], None, "no_subscriber"),
    ("kill -9 to stale, a person on ROOT/#", [], "{root}/#", "no_subscriber"),
    ("kill -9 to stale, a person on #", [], "#", "no_reply"),
])
def test_a_killed_agent_is_stale(broker, root, started, listener, agent, what, options, person, result):
    queen = started(Queen, broker, root, *options)
    if person:
        started(Listener, broker.port, person.format(root=root))
    fleet = [agent(f"h{i % 4}/w{i}") for i in range(FLEET)]
    queen.await_all(a.name for a in fleet)
    took = []
    for i in range(KILLS):
        next_at = time.monotonic() + APART_S
        seconds, verdict = kill_one(fleet[i % FLEET], queen, listener)
        assert (verdict["cause"], verdict["previous"]) == ("last_will", "online")
        assert (verdict["evidence"]["path"], verdict["evidence"]["result"]) == ("will", result)
        took.append(seconds)
        time.sleep(max(0, next_at - time.monotonic()))
    measured(what, took)
    victims = [fleet[i % FLEET].name for i in range(KILLS)]
    expected = [(a.name, "online") for a in fleet] + [(v, s) for v in victims for s in ("stale", "online")]

    def told():
        return [(e["hive_id"] + "/" + e["worker_id"], e["state"]) for e in listener.documents("/event") if "state" in e]
    await_that(lambda: len(told()) >= len(expected), "the last event")
    assert sorted(told()) == sorted(expected)
