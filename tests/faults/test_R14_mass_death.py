"""R14: many die at once, with a session and a will each, and as many live: each is stale once, on every channel, and nobody else.
SKEP_LONG=1: 10,000 of 20,000, and 400 of 1,000."""

import os
import re
import subprocess

import pytest

from fleet import BIN, Queen

LONG = os.environ.get("SKEP_LONG") == "1"
SIZES = [(400, 600), (10000, 10000)] if LONG else [(60, 90)]
SCRIPT = """0s fleet dead count={0} interval=30s rpc=1
0s fleet live count={1} over=16 interval=30s rpc=1
12s die dead count={0}
"""  # the limit is that of 10 s ago


@pytest.mark.parametrize("died,lived", SIZES)
def test_many_die(own_broker, started, tmp_path, died, lived):
    told, script = tmp_path / "told", tmp_path / "script"
    told.touch()
    script.write_text(SCRIPT.format(died, lived), encoding="ascii")
    queen = started(Queen, own_broker, "skep/v1", "--return-grace", "35s" if LONG else "5s", "--on-event", f"cat >> {told}")
    done = subprocess.run([BIN / "swarm", "--broker", str(own_broker.port), "--http", str(queen.port), "--root", queen.root,
                           "--until", "300", "--command-file", told, script],
                          capture_output=True, text=True, timeout=900, check=False)
    print(done.stdout[-2000:] + done.stderr)
    found = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", done.stdout.rpartition("swarm: ")[2])}
    assert done.returncode == 0 and found["deeds"] == died
    assert [e["fleet"] for e in queen.events() if e.get("fleet", "").startswith("storm")] in (
        ["storm_begins", "storm_ends"], [])  # the queen keeps the last 10,000 events
