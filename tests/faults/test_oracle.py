"""The oracle's own word: each kind of fault is found, and what is right is no fault."""

import pytest

from oracle import COMMAND, EVENTS, FLEET, LIST, REGISTRY, Deed, Sight, differences, judge

START = Deed(0, "start", ("online",), None, (), None)
RESET = Deed(10, "reset", (), None, ("suspect",), None)
KILL = Deed(20, "kill", ("stale",), "last_will", ("suspect",), 5)
CUT = KILL._replace(may=("suspect",))
STOP = Deed(20, "stop", ("suspect", "stale"), "missed_heartbeats", (), None)
ONLINE = Sight(1, "online", "birth", "unverified", 11)
STALE = Sight(21, "stale", "last_will", "online", 12)
SILENT = Sight(22, "suspect", "missed_heartbeats", "online", 12)
OVER = Sight(25, "stale", "missed_heartbeats", "suspect", 13)

ROWS = [
    ("a birth and a death", EVENTS, [START, KILL], [ONLINE, STALE], []),
    ("a reset of which nothing is reported", EVENTS, [START, RESET], [ONLINE], []),
    ("two steps of one deed", EVENTS, [START, STOP], [ONLINE, SILENT, OVER], []),
    ("with what may be reported", EVENTS, [START, CUT], [ONLINE, SILENT, STALE._replace(event_id=13, previous="suspect")], []),
    ("without it", EVENTS, [START, CUT], [ONLINE, STALE], []),
    ("with it twice", EVENTS, [START, CUT], [ONLINE, SILENT, SILENT._replace(event_id=13), STALE._replace(event_id=14)],
     ["order", "false", "order"]),
    ("with it before it was done", EVENTS, [START, CUT], [ONLINE, SILENT._replace(at=19)], ["false", "missed"]),
    ("nobody did anything", EVENTS, [], [ONLINE], ["false"]),
    ("a death by a reset", EVENTS, [START, RESET], [ONLINE, STALE], ["false"]),
    ("before it was done", EVENTS, [START, KILL], [ONLINE, STALE._replace(at=19)], ["false", "missed"]),
    ("another cause", EVENTS, [START, KILL], [ONLINE, STALE._replace(cause="stalled")], ["false", "missed"]),
    ("not reported", EVENTS, [START, KILL], [ONLINE], ["missed"]),
    ("one step is not reported", EVENTS, [START, STOP], [ONLINE, OVER._replace(previous="online")], ["missed"]),
    ("the same event again", EVENTS, [START, KILL], [ONLINE, STALE, STALE._replace(at=22)], ["twice"]),
    ("the same death by another event", EVENTS, [START, KILL], [ONLINE, STALE, STALE._replace(event_id=13, previous="stale")],
     ["twice"]),
    ("the steps of one deed the other way", EVENTS, [START, STOP],
     [ONLINE, OVER._replace(previous="online"), SILENT._replace(at=26, event_id=14, previous="stale")], ["order"]),
    ("ids that go back", EVENTS, [START, KILL], [ONLINE, STALE._replace(event_id=10)], ["order"]),
    ("a previous state that was not", EVENTS, [START, KILL], [ONLINE, STALE._replace(previous="zombie")], ["order"]),
    ("after its limit", EVENTS, [START, KILL], [ONLINE, STALE._replace(at=26)], ["late"]),
    ("the command is judged as the topic is", COMMAND, [START], [ONLINE, ONLINE], ["twice"]),
    ("silently suspect", REGISTRY, [START, RESET], [ONLINE, Sight(11, "suspect", "last_will"), Sight(12, "online", "verified")],
     []),
    ("still as before, then judged", REGISTRY, [START, KILL], [ONLINE, Sight(20.5, "online", "birth"), STALE], []),
    ("known before its birth", REGISTRY, [START], [Sight(0.5, "unverified", "restored"), ONLINE], []),
    ("unknown to the scene", REGISTRY, [], [ONLINE], ["false"]),
    ("a death for a moment", REGISTRY, [START, RESET], [ONLINE, Sight(11, "stale", "last_will"), Sight(12, "online", "birth")],
     ["false"]),
    ("a death that is taken back", REGISTRY, [START, KILL], [ONLINE, STALE, Sight(22, "online", "heartbeat")], ["false"]),
    ("never shown", REGISTRY, [START, KILL], [ONLINE], ["missed"]),
    ("shown late", REGISTRY, [START, KILL], [ONLINE, STALE._replace(at=26)], ["late"]),
    ("gone", REGISTRY, [START], [ONLINE, Sight(2, "gone")], ["false"]),
]


def test_the_fleet_is_in_no_registry():
    blind = Deed(0, "stop", ("blind",), None, (), None)
    found = judge({FLEET: [blind]}, {LIST: {FLEET: [Sight(1, "blind", event_id=11)]}, COMMAND: {}, REGISTRY: {}})
    assert [(fault.kind, fault.channel) for fault in found] == [("missed", COMMAND)]


def test_differences():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 2}, "x") == []
    assert [fault.name for fault in differences({"a": 1, "b": 2}, {"a": 2, "c": 3}, "x")] == ["a", "b", "c"]


@pytest.mark.parametrize("reason, channel, deeds, sights, kinds", ROWS, ids=[row[0] for row in ROWS])
def test_judges(reason, channel, deeds, sights, kinds):
    found = judge({"h/w": deeds} if deeds else {}, {channel: {"h/w": sights}})
    assert [fault.kind for fault in found] == kinds, found
