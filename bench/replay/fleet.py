"""Scenarios for the simulated fleet (tests/sim): a queen, its broker and workers without a hive, and what happens to
them, drawn by a seed.

    faults     cut links, broker restarts and crashes, slow queues, detector pauses, resets, steps of the clock
    coin       30 % of the heartbeats and 5 % of the verifications are lost; the detector is paused for 10 s
    coin-all   30 % of all messages are lost on their way to a subscriber; the same pauses

In each of them workers die: their process is killed, or their host loses its power, so that no socket is closed."""
import random

INTERVAL = 30
DEAD = 900  # s until a dead worker is started again
KINDS = ("faults", "coin", "coin-all")


class Script:
    def __init__(self):
        self.lines = []

    def at(self, seconds, command):
        self.lines.append((round(seconds * 1000), command))

    def text(self):
        return "".join(f"[{at:6}] world {command}\n" for at, command in sorted(self.lines, key=lambda line: line[0]))


def disturb(rng, script, at, workers):
    """One fault of what all share; returns when it is over."""
    some = rng.sample(workers, rng.randint(1, 5))
    span = rng.choice((5, 20, 60, 120, 300))
    kind = rng.choice(("cut", "broker stop", "broker kill", "slow", "pause", "paths", "resets", "clock"))
    if kind == "cut":
        script.at(at, "cut q1")
        script.at(at + span, "mend q1")
    elif kind.startswith("broker"):
        script.at(at, kind)
        script.at(at + span, "broker start")
    elif kind == "slow":  # as much as the keep alive of a link allows
        span = 600
        script.at(at, "far q1 2s")
        script.at(at + span, "far q1 0ms")
        for worker in some:
            script.at(at, f"far {worker} 4s")
            script.at(at + span, f"far {worker} 0ms")
    elif kind == "pause":
        script.at(at, "pause q1")
        script.at(at + span, "resume q1")
    elif kind == "paths":
        for worker in some:
            script.at(at, f"cut {worker}")
            script.at(at + span, f"mend {worker}")
    elif kind == "resets":
        span = 1
        for worker in some:
            script.at(at, f"reset {worker}")
    else:
        script.at(at, f"clock wall={rng.choice(('', '-'))}{rng.randint(1, 1000)}h")
    return at + span


def kill(rng, script, at, worker):
    power = rng.random() < 0.5
    if power:
        script.at(at, f"cut {worker}")
    script.at(at + 0.001, f"kill {worker}")
    if power:
        script.at(at + DEAD - 0.001, f"mend {worker}")
    script.at(at + DEAD, f"worker {worker} interval={INTERVAL}s")


def scenario(kind, seed, workers, hours):
    rng, script, end = random.Random(f"{kind} {seed}"), Script(), hours * 3600
    names = [f"w{number + 1}" for number in range(workers)]
    mortal, others = names[::4], [name for number, name in enumerate(names) if number % 4]
    script.at(0, f"seed {seed}")
    script.at(0, "hide broker queen worker")
    script.at(0, "latency 1ms 40ms")
    script.at(0, "queen q1")
    for name in names:
        script.at(rng.uniform(0, INTERVAL), f"worker {name} interval={INTERVAL}s")
    at = 180
    while kind == "faults" and (at := at + rng.uniform(60, 300)) < end - 1200:
        at = disturb(rng, script, at, others)
    if kind != "faults":
        script.at(100, "lose / 30" if kind == "coin-all" else "lose /heartbeat 30")
        script.at(100, "lose /verify 5")
        while (at := at + rng.uniform(60, 300)) < end - 60:
            script.at(at, "pause q1")
            script.at(at + 10, "resume q1")
            at += 10
    for name in mortal:
        at = rng.uniform(180, 1800)
        while at + DEAD < end - 60:
            kill(rng, script, at, name)
            at += DEAD + rng.uniform(300, 1800)
    script.at(end, "end")
    return script.text()
