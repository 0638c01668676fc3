#!/usr/bin/python3
"""A program to be watched: program.py FOLDER [--deaf | --lingers].

Takes a lock, says so if somebody holds it already, starts a process in a group of its own that holds the lock too, writes
down both pids, and waits to be ended. With --deaf both ignore TERM. With --lingers both take TERM as the word to save their work, and are not
done before their agent, the leader of their session, is gone.
"""

import fcntl
import os
import signal
import sys
import time

folder = sys.argv[1]
if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def note(name, line):
    with open(os.path.join(folder, name), "a", encoding="ascii") as file:
        file.write(f"{line}\n")


def linger(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while os.path.exists(f"/proc/{os.getsid(0)}"):
        time.sleep(0.01)
    time.sleep(0.5)  # who ends it for being alive has had every chance to
    note("saved", os.getpid())
    sys.exit()


if "--lingers" in sys.argv:
    signal.signal(signal.SIGTERM, linger)
lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("doubles", os.getpid())
companion = os.fork()
if companion == 0:
    os.setpgid(0, 0)
else:
    note("starts", f"{os.getpid()} {companion}")
while True:
    signal.pause()
