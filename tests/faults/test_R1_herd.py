"""R1: a herd that connects all at once, with a session and a will each: all are online, nobody else is said to be anything, and who
dies is judged. SKEP_LONG=1: 5,000 of them."""

import os
import re
import subprocess

from fleet import BIN, Queen

COUNT = 5000 if os.environ.get("SKEP_LONG") == "1" else 300
SCRIPT = f"0s fleet herd count={COUNT} interval=30s rpc=1\n1s die herd from=3 count=5\n"


def test_at_once(own_broker, started, tmp_path):
    told, script = tmp_path / "told", tmp_path / "script"
    told.touch()
    script.write_text(SCRIPT, encoding="ascii")
    queen = started(Queen, own_broker, "skep/v1", "--on-event", f"cat >> {told}")
    done = subprocess.run([BIN / "swarm", "--broker", str(own_broker.port), "--http", str(queen.port), "--root", queen.root,
                           "--command-file", told, script], capture_output=True, text=True, timeout=600, check=False)
    print(done.stdout + done.stderr)
    found = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", done.stdout.rpartition("swarm: ")[2])}
    assert done.returncode == 0 and found["deeds"] == 5
