"""Measured figures for people: no test asserts on them. SKEP_MEASURE_FILE, if set, gets the same lines."""

import os
import statistics

lines = []


def measured(what, seconds):
    """One line: the median of these durations, and their range."""
    ms = sorted(1000 * s for s in seconds)
    line = f"{what}: median {statistics.median(ms):.1f} ms ({ms[0]:.1f} to {ms[-1]:.1f}, n={len(ms)})"
    lines.append(line)
    if os.environ.get("SKEP_MEASURE_FILE"):
        with open(os.environ["SKEP_MEASURE_FILE"], "a", encoding="utf-8") as out:
            out.write(line + "\n")
