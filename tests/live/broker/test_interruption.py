"""A worker whose connection is reset and refused for a moment: nobody is told, if it is back in time. R4."""

import time

from conftest import LONG
from fleet import await_that
from listener import Listener
from proxy import Proxy

RESETS = 100 if LONG else 10
REFUSED_S = 0.1
APART_S = 0.5
CONFIRM_S = 0.25


def test_a_short_interruption_is_no_change(broker, root, queen, listener, agent, started):
    presence = f"{root}/hive/h1/worker/w1/presence"
    watcher = started(Listener, broker.port, presence)
    proxy = Proxy(broker.port)
    agent("h1/w1", port=proxy.port)
    queen.await_state("h1/w1")
    late = 0  # a busy machine may let the worker run too late
    for _ in range(RESETS):
        time.sleep(APART_S)
        heard = len(watcher.messages)
        begun = time.monotonic()
        proxy.reset(REFUSED_S)
        watcher.await_document(presence, heard, presence="stale", cause="connection_lost")
        _, back_at = watcher.await_document(presence, heard, presence="online")
        late += back_at - begun >= CONFIRM_S
    last = watcher.documents("/presence")[-1]["connection"]
    await_that(lambda: queen.await_state("h1/w1")["connection"] == last, "the last birth at the queen")
    told = [e["state"] for e in queen.events("h1/w1")]
    assert told == ["online", *["stale", "online"] * late][:len(told)]  # the last one waits where there were many
    if late == 0:
        assert [(v["state"], v["revision"]) for v in listener.documents("/verdict/h1/w1")] == [("online", 1)]
        assert queen.worker("h1/w1")["flags"] == []
