"""Who knows the truth: what was done to whom, and when; and what the queen has reported of it on each channel.

A scene notes each deed before it does it. `judge` is pure: it compares deeds with what was seen and returns the faults.

| fault | |
|---|---|
| false | a state that nothing that was done explains, or before it was done |
| missed | a deed of which a channel has not reported all states |
| twice | a state reported again, by the same event or by another one |
| order | a state before one that came first; an event id that goes back; a `previous` that was not |
| late | more than the deed's limit after it |
| differs | registry and retained verdicts, or the events of two channels, are not alike at the end |
"""

import collections
import contextlib
import http.client
import json
import threading
import time

import measure
from fleet import LIMIT_S, await_that
from listener import Listener

EVENTS, COMMAND, LIST, REGISTRY = "topic", "on-event", "list", "registry"
FLEET = "fleet"  # whose events are the queen's own view: `blind`, `live`

# Of NAME (HIVE/WORKER, HIVE, or FLEET): `states` in this order and no others, with `cause` the last of them. The registry
# may show `shown` meanwhile; `within` seconds for the last one, or None. What is in `may` may be reported besides, once.
Deed = collections.namedtuple("Deed", "at what states cause shown within may", defaults=((),))
Sight = collections.namedtuple("Sight", "at state cause previous event_id", defaults=(None, None, 0))
Fault = collections.namedtuple("Fault", "kind channel name text")


def name_of(document):
    if "fleet" in document:
        return FLEET
    return "/".join(document[key] for key in ("hive_id", "worker_id") if document.get(key))


def sight_of(document, at):
    return Sight(at, document.get("state") or document["fleet"], document.get("cause"), document.get("previous"),
                 document.get("event_id", 0))


def steps_of(deeds):
    """(deed, state, cause or None for any) of each change that must be reported."""
    return [(deed, state, deed.cause if i == len(deed.states) - 1 else None)
            for deed in deeds for i, state in enumerate(deed.states)]


def is_step(step, sight):
    deed, state, cause = step
    return sight.state == state and cause in (None, sight.cause) and sight.at >= deed.at


def faults_of_events(deeds, sights):
    """(kind, text) of one name on a channel that reports each change once."""
    steps, done, skipped, ids, before = steps_of(deeds), 0, [], [], None
    may = [(deed, state) for deed in deeds for state in deed.may]
    for sight in sights:
        said = f"{sight.state} ({sight.cause})"
        if sight.event_id and sight.event_id in ids:
            yield "twice", f"event {sight.event_id}: {said}"
            continue
        if ids and sight.event_id < ids[-1]:
            yield "order", f"event {sight.event_id} after {ids[-1]}"
        if before and sight.previous not in (None, before):
            yield "order", f"{said} after {before}, and it says after {sight.previous}"
        ids.append(sight.event_id)
        before = sight.state
        found = next((i for i in range(done, len(steps)) if is_step(steps[i], sight)), None)
        if found is not None:
            skipped += steps[done:found]
            done = found + 1
            deed = steps[found][0]
            if deed.within is not None and sight.at > deed.at + deed.within:
                yield "late", f"{said} {sight.at - deed.at:.2f} s after {deed.what}"
        elif late := next((step for step in skipped if is_step(step, sight)), None):
            skipped.remove(late)
            yield "order", f"{said} after what came later"
        elif option := next((m for m in reversed(may) if m[0].at <= sight.at and m[1] == sight.state), None):
            may.remove(option)
        elif done and is_step(steps[done - 1], sight):
            yield "twice", said
        else:
            yield "false", said
    for deed, state, _ in skipped + steps[done:]:
        yield "missed", f"{state} after {deed.what}"


def faults_of_registry(deeds, sights):
    """Of samples, which may have missed what was short: the last state of each deed must be seen before the next deed."""
    rest = "unverified"  # known by its hive's witness, say, and not heard yet
    for deed, after in zip(deeds, [*deeds[1:], None]):
        state = deed.states[-1] if deed.states else rest
        reached = not deed.states
        for sight in (s for s in sights if s.at >= deed.at and (after is None or s.at < after.at)):
            said = f"{sight.state} ({sight.cause})"
            if sight.state == state and (not deed.states or deed.cause in (None, sight.cause)):
                if not reached and deed.within is not None and sight.at > deed.at + deed.within:
                    yield "late", f"{said} {sight.at - deed.at:.2f} s after {deed.what}"
                reached = True
            elif sight.state not in (*deed.states, *deed.shown, *deed.may) and (reached or sight.state != rest):
                yield "false", f"{said} after {deed.what}"
        if not reached:
            yield "missed", f"{state} after {deed.what}"
        rest = state
    for sight in sights:
        if not deeds or sight.at < deeds[0].at:
            yield "false", f"{sight.state} ({sight.cause})"


def judge(deeds, seen):
    """Faults. `deeds`: {name: [Deed]}, `seen`: {channel: {name: [Sight]}}, both in the order of time."""
    faults = []
    for channel, names in seen.items():
        rule = faults_of_registry if channel == REGISTRY else faults_of_events
        for name in sorted({*deeds, *names} - ({FLEET} if channel == REGISTRY else set())):
            faults += [Fault(kind, channel, name, text) for kind, text in rule(deeds.get(name, []), names.get(name, []))]
    return faults


def differences(one, other, between):
    """Faults where two {name: anything} are not alike."""
    return [Fault("differs", between, name, f"{one.get(name)} and {other.get(name)}")
            for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


class Oracle:
    """Watches a queen on all channels. `told`: the file to which the command of --on-event appends its lines. Where the
    scene stops the broker there is no `topic`: what is published before the oracle is back at it, it misses."""

    def __init__(self, broker, queen, told, topic=True):
        self.queen, self.told, self.told_at, self.port = queen, told, 0, broker.port
        self.deeds = collections.defaultdict(list)
        self.seen = {channel: collections.defaultdict(list) for channel in (COMMAND, LIST, REGISTRY)}
        self.verdicts = f"{queen.root}/queen/queen"
        self.last = max((e["event_id"] for e in queen.events()), default=0)
        self.first_event = self.last + 1
        if topic:
            self.seen[EVENTS] = collections.defaultdict(list)
            self.listener = Listener(broker.port, f"{self.verdicts}/event")
        self.closing = threading.Event()
        self.sampler = threading.Thread(target=self.sample)
        self.sampler.start()

    def did(self, name, what, *states, cause=None, shown=(), within=None, may=()):
        """To be called before it is done."""
        self.deeds[name].append(Deed(time.monotonic(), what, states, cause, shown, within, may))

    def sample(self):
        while not self.closing.wait(0.05):
            try:
                self.read_registry()
                self.read_list()
            except (OSError, http.client.HTTPException):
                pass  # the queen is away
            self.read_told()

    def registry(self):
        """State and cause by name."""
        documents = self.queen.workers() + self.queen.ask("/v1/hives")[1]["hives"]
        return {name_of(d): (d["state"], d["cause"]) for d in documents}

    def read_registry(self):
        """But of a queen that has just started and has read nothing yet."""
        found = self.registry()
        if not found:
            return
        at, sights = time.monotonic(), self.seen[REGISTRY]
        for name in {*found, *sights}:
            state, cause = found.get(name, ("gone", None))
            if not sights[name] or sights[name][-1][1:3] != (state, cause):
                sights[name].append(Sight(at, state, cause))

    def read_list(self):
        events = self.queen.ask(f"/v1/events?after={self.last}")[1]["events"]
        self.see(LIST, events, time.monotonic())
        self.last = max([self.last, *(e["event_id"] for e in events)])

    def read_told(self):
        with open(self.told, "rb") as file:
            file.seek(self.told_at)
            lines = file.read().rpartition(b"\n")
        self.told_at += len(lines[0]) + len(lines[1])
        self.see(COMMAND, (json.loads(line) for line in lines[0].splitlines()), time.monotonic())

    def see(self, channel, documents, at):
        for document in documents:
            if document.get("event_id", self.first_event) >= self.first_event:
                self.seen[channel][name_of(document)].append(sight_of(document, at))

    def so_far(self):
        if EVENTS in self.seen:
            self.seen[EVENTS].clear()
            for message in list(self.listener.messages):
                self.see(EVENTS, [json.loads(message.payload)], message.at)
        return judge(self.deeds, self.seen)

    def missed(self):
        return [fault for fault in self.so_far() if fault.kind == "missed"]

    def await_told(self, limit_s=LIMIT_S):
        """Until nothing is missed any more."""
        end = time.monotonic() + limit_s
        while missed := self.missed():
            assert time.monotonic() < end, missed
            time.sleep(0.05)

    def stored(self):
        """State and cause of each verdict that the broker stores."""
        end = f"{self.queen.root}/end"
        reader = Listener(self.port, f"{self.verdicts}/verdict/#", f"{self.verdicts}/hive-verdict/#", end)
        reader.client.publish(end, "end", qos=1)
        reader.await_message(lambda m: m.topic == end, "the end of what is stored")
        reader.end()
        documents = [json.loads(m.payload) for m in reader.messages if m.topic != end and m.payload]
        return {name_of(d): (d["state"], d["cause"]) for d in documents}

    def faults(self):
        """All of them, for the last time; the latencies are measured."""
        with contextlib.suppress(AssertionError):  # it is among the faults
            self.await_told()
        self.stop_sampling()
        self.read_registry()
        self.read_list()
        self.read_told()
        found = self.so_far()
        try:
            await_that(lambda: self.stored() == self.registry(), "verdicts as in the registry")
        except AssertionError:
            found += differences(self.registry(), self.stored(), "registry and verdict")
        return found + [fault for channel in self.seen if channel not in (LIST, REGISTRY)
                        for fault in differences(self.ids(LIST), self.ids(channel), f"list and {channel}")]

    def ids(self, channel):
        """State and name by event id."""
        return {s.event_id: (s.state, name) for name, sights in self.seen[channel].items() for s in sights if s.event_id}

    def stop_sampling(self):
        self.closing.set()
        self.sampler.join()

    def end(self):
        self.stop_sampling()
        if EVENTS in self.seen:
            self.listener.end()

    def measure(self, what):
        """The time from each deed of this kind to its last state, on each channel."""
        for channel, names in self.seen.items():
            took = [next((s.at for s in names[name] if s.at >= deed.at and s.state == deed.states[-1]), deed.at) - deed.at
                    for name, deeds in self.deeds.items() for deed in deeds if deed.what == what and deed.states]
            if took:
                measure.measured(f"{what}: {channel}", took)
