"""Holds verdicts against the truth. A worker is `alive`, `apart` (paused, or its path is cut: nobody can know, and no
verdict counts) or `gone`."""
import bisect
import math

RETURN = 35      # s: the longest that a worker takes to reconnect once its path is whole; before that no verdict counts
LOST = ("stale", "unreachable", "offline")


class Record:
    """What tests/sim/arrivals.h describes, in seconds."""

    def __init__(self, text, end):
        self.arrivals, self.announced, self.truth, self.end, queen = {}, {}, {}, end, []
        for line in text.splitlines():
            at, kind, name, *what = line.split()
            at = int(at) / 1000
            if kind == "beat":
                self.arrivals.setdefault(name, []).append(at)
            elif kind == "verdict":
                self._announce(name, at, what[0] in LOST)
            elif kind == "truth":
                self.truth.setdefault(name, []).append((at, what[0]))
            else:
                queen.append((at, what[0]))
        for spans in self.announced.values():
            if spans[-1][1] is None:
                spans[-1] = (spans[-1][0], math.inf)
        self.queen = queen
        self.pauses = [span for span, state in spans_of(queen, end) if state == "paused"]

    def _announce(self, name, at, lost):
        spans = self.announced.setdefault(name, [])
        if spans and spans[-1][1] is None and not lost:
            spans[-1] = (spans[-1][0], at)
        elif lost and not (spans and spans[-1][1] is None):
            spans.append((at, None))
        if not spans:
            del self.announced[name]

    def longest_blind(self):
        """Paused and without a link in a row are one."""
        longest = begin = 0
        for (start, end), state in spans_of(self.queen, self.end):
            begin = end if state == "sees" else begin
            longest = max(longest, end - begin if state != "sees" and start > 0 else 0)
        return longest


def spans_of(changes, end):
    for (at, state), (until, _) in zip(changes, changes[1:] + [(end, None)]):
        yield (at, until), state


def standing(verdicts, arrivals):
    """From when to when each worker is held to be dead: until its next arrival."""
    spans = {}
    for worker, times in verdicts.items():
        heard = arrivals[worker]
        for at in times:
            following = bisect.bisect_right(heard, at)
            spans.setdefault(worker, []).append((at, heard[following] if following < len(heard) else math.inf))
    return spans


class Score:
    def __init__(self):
        self.false = self.missed = self.deaths = 0
        self.worker_days = 0.0
        self.latencies = []

    def add(self, other):
        self.false += other.false
        self.missed += other.missed
        self.deaths += other.deaths
        self.worker_days += other.worker_days
        self.latencies += other.latencies

    def percentile(self, percent):
        """The nearest rank; a missed death takes for ever."""
        ordered = sorted(self.latencies + [math.inf] * self.missed)
        return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else math.nan


def detection(spans, died, until):
    """How long it took until the dead was held to be dead; None: never."""
    for begin, end in spans:
        if begin < until and end > died:
            return max(0.0, begin - died)
    return None


def score(record, lost):
    """`lost`: {worker: [(from, until), ...]}, when it is held to be dead."""
    result = Score()
    for worker, changes in record.truth.items():
        spans = lost.get(worker, [])
        for (begin, end), state in spans_of(changes, record.end):
            if state == "alive":
                grace = RETURN if begin > changes[0][0] else 0
                result.false += sum(begin + grace <= at < end for at, _ in spans)
                result.worker_days += (end - begin) / 86400
            elif state == "gone":
                took = detection(spans, begin, end)
                result.deaths += 1
                result.missed += took is None
                result.latencies += [took] if took is not None else []
    return result
