"""A worker whose connection is reset and refused for a moment: nobody is told. R4."""

import time

from conftest import LONG
from fleet import await_that
from listener import Listener
from proxy import Proxy

RESETS = 100 if LONG else 10
REFUSED_S = 0.1
APART_S = 0.5


def test_a_short_interruption_is_no_change(broker, root, queen, listener, agent, started):
    presence = f"{root}/hive/h1/worker/w1/presence"
    watcher = started(Listener, broker.port, presence)
    proxy = Proxy(broker.port)
    agent("h1/w1", port=proxy.port)
    queen.await_state("h1/w1")
    for _ in range(RESETS):
        time.sleep(APART_S)
        heard = len(watcher.messages)
        proxy.reset(REFUSED_S)
        watcher.await_document(presence, heard, presence="stale", cause="connection_lost")
        watcher.await_document(presence, heard, presence="online")
    last = watcher.documents("/presence")[-1]["connection"]
    await_that(lambda: queen.await_state("h1/w1")["connection"] == last, "the last birth at the queen")
    assert queen.worker("h1/w1")["flags"] == []
    assert [e["state"] for e in queen.events("h1/w1")] == ["online"]
    assert [(v["state"], v["revision"]) for v in listener.documents("/verdict/h1/w1")] == [("online", 1)]
