"""The watched program crashes: its agent says so. R9."""

import os
import signal
import time

from conftest import LONG
from measure import measured

CRASHES = 30 if LONG else 5


def verdict_of(root, worker):
    return f"{root}/queen/queen/verdict/h1/{worker}"


def test_a_crash_is_told_with_its_signal(root, queen, listener, agent):
    crashing = agent("h1/w1", source=("--exec", "--", "sh", "-c", "sleep 1; kill -SEGV $$"))
    verdict, _ = listener.await_document(verdict_of(root, "w1"), state="stale")
    assert (verdict["previous"], verdict["cause"]) == ("online", "process_exited")
    exit_info = verdict["evidence"]["exit"]
    assert (exit_info["code"], exit_info["signal"]) == (139, "SIGSEGV")
    assert exit_info["oom"] is not True  # null where the machine cannot tell
    assert crashing.process.wait() == -signal.SIGSEGV
    assert [e["state"] for e in queen.events("h1/w1")] == ["online", "stale"]


def test_crashes_are_told_at_once(root, queen, listener, agent):
    took = []
    for i in range(CRASHES):
        agent(f"h1/w{i}", source=("--exec", "--", "sleep", "1000"))
        pid = queen.await_heartbeat(f"h1/w{i}", lambda _: True)["heartbeat"]["pid"]
        crashed_at = time.monotonic()
        os.kill(pid, signal.SIGSEGV)
        verdict, heard_at = listener.await_document(verdict_of(root, f"w{i}"), state="stale")
        assert (verdict["cause"], verdict["evidence"]["exit"]["signal"]) == ("process_exited", "SIGSEGV")
        took.append(heard_at - crashed_at)
    measured("crash of the watched program to stale", took)
    assert sum(e.get("state") == "stale" for e in queen.events()) == CRASHES
