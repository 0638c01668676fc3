"""The broker or the queen is restarted under live workers: nobody dies of it, and nothing is told twice. R12, R15, R17."""

import signal

import pytest

from fleet import Agent, await_that
from listener import Listener

FLEET = 60


@pytest.fixture
def fleet(broker, root, started):
    return [started(Agent, broker, root, f"h{i % 3}/w{i}", "--interval", "5s", "--simulate") for i in range(FLEET)]


def connections(queen):
    return {w["hive_id"] + "/" + w["worker_id"]: w["connection"] for w in queen.workers("state=online")}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_broker(broker, root, queen, fleet, started, how):
    names = [a.name for a in fleet]
    queen.await_all(names)
    before = connections(queen)
    broker.end(how)
    await_that(lambda: queen.ask("/health")[0] == 503, "a blind queen")
    broker.start_again()
    await_that(lambda: sum(n > before[name] for name, n in connections(queen).items()) == FLEET,
               "everybody online on a new connection")
    told = [(e["state"], e["cause"]) for e in queen.events() if "state" in e]
    assert told == [("online", "birth")] * FLEET
    assert [e["fleet"] for e in queen.events() if "fleet" in e] == ["live", "blind", "live"]
    stored = started(Listener, broker.port, f"{root}/queen/queen/verdict/#")
    for name in names:  # a broker that was killed has lost them
        stored.await_document(f"{root}/queen/queen/verdict/{name}", state="online")


@pytest.mark.parametrize("how, last_words", [(signal.SIGTERM, "offline"), (signal.SIGKILL, "stale")])
def test_a_restart_of_the_queen(broker, root, queen, fleet, listener, started, how, last_words):
    own = started(Listener, broker.port, f"{root}/queen/queen/presence")
    names = [a.name for a in fleet]
    queen.await_all(names)
    before = queen.events()[-1]["event_id"]
    fleet[0].end(signal.SIGKILL)
    await_that(lambda: queen.events()[-1].get("state") == "stale", "a death")
    names = names[1:]
    queen.end(how)
    own.await_document(f"{root}/queen/queen/presence", presence=last_words)
    heard = len(listener.messages)
    queen.start()
    queen.await_all(names)
    assert [e for e in queen.events() if "state" in e] == []
    assert queen.events()[0]["event_id"] > before
    last = queen.events()[-1]["event_id"]
    listener.await_document(f"{root}/queen/queen/event", heard, event_id=last)
    assert [e["worker_id"] for e in listener.documents("/event") if e.get("state") not in ("online", None)] == ["w0"]
    assert {w["connection"] for w in queen.workers()} == {1}
    assert [queen.check(f"workers:{state}") for state in ("stale", "suspect", "offline")] == [1, 0, 0]
