"""R13: a queen that stood still for longer than every lease reads what has come meanwhile, and judges only who is gone."""

import os
import signal

from fleet import Agent, stop
from listener import Listener

NAMES = [f"h/w{i}" for i in range(8)]
KILLED = NAMES[0]
BEATS = 3  # at 2 s each: more than the suspect limit


def test_a_stopped_queen(broker, root, started, watch):
    queen, oracle = watch(broker, "--keep-alive", "60s")  # the broker does not end the link
    beats = started(Listener, broker.port, f"{root}/hive/+/worker/+/heartbeat")
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--interval", "2s", "--simulate") for name in NAMES}
    oracle.await_told()

    def beaten(worker):
        return len(beats.documents(f"/{worker}/heartbeat"))

    stop(queen.process.pid)
    others = [name.split("/")[1] for name in NAMES if name != KILLED]
    before = {worker: beaten(worker) for worker in others}
    oracle.did(KILLED, "kill", "stale", cause="last_will", shown=("suspect",))
    agents[KILLED].kill()
    beats.await_message(lambda _: all(beaten(worker) >= before[worker] + BEATS for worker in others), "heartbeats of the others")
    os.kill(queen.process.pid, signal.SIGCONT)
    oracle.await_told()
    assert not oracle.faults()
