"""R5: the broker's queue for the queen becomes 10 s long, twice the workers' interval, and stays so for 10 minutes: nobody is
announced, and who is killed meanwhile is, later. Only with SKEP_LONG=1; sim.R5_queue_behind is the same in simulated time."""

import os
import queue
import socket
import threading
import time

import pytest

from fleet import Agent
from proxy import Proxy

LAG_S, HOLDS_S, LIMIT_S = 10, 600, 120
NAMES = [f"g/w{i}" for i in range(20)]


class Queue(Proxy):
    """What the broker sends waits in it, by `lag` seconds, which grows by one in two; nothing overtakes."""

    def __init__(self, target):
        self.lag, self.until = 0.0, 0.0
        super().__init__(target)

    def forward(self, source, sink):
        if source.getpeername()[1] != self.target:
            super().forward(source, sink)
            return
        waiting = queue.Queue()
        threading.Thread(target=self.deliver, args=(waiting, sink), daemon=True).start()
        try:
            while data := source.recv(65536):
                waiting.put((time.monotonic() + self.lag, data))
        except OSError:
            pass
        waiting.put((0, None))

    @staticmethod
    def deliver(waiting, sink):
        try:
            while (item := waiting.get())[1] is not None:
                time.sleep(max(0, item[0] - time.monotonic()))
                sink.sendall(item[1])
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def change(self, lag):
        step = 0.05 if lag > self.lag else -0.05
        while abs(self.lag - lag) > 0.01:
            self.lag += step
            time.sleep(0.1)

    def end(self):
        self.close()


@pytest.mark.skipif(os.environ.get("SKEP_LONG") != "1", reason="takes more than 10 minutes")
def test_a_long_queue(broker, root, started, watch):
    behind = started(Queue, broker.port)
    queen, oracle = watch(broker, "--broker", f"mqtt://127.0.0.1:{behind.port}")
    for name in NAMES:
        oracle.did(name, "start", "online")
    agents = {name: started(Agent, broker, root, name, "--interval", "5s", "--simulate") for name in NAMES}
    oracle.await_told()
    for name in NAMES:
        oracle.did(name, "a long queue", shown=("suspect",))
    behind.change(LAG_S)
    time.sleep(HOLDS_S / 2)  # what is tested is that nothing happens
    oracle.did(NAMES[0], "kill behind the queue", "stale", shown=("suspect",), may=("suspect",))
    agents[NAMES[0]].kill()
    oracle.await_told(LIMIT_S)
    time.sleep(HOLDS_S / 2)
    behind.change(0)
    assert not oracle.faults()
    oracle.measure("kill behind the queue")
