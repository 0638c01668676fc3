#!/usr/bin/python3
"""A program to be watched: program.py FOLDER [--deaf | --lingers].

Takes a lock, reports if another process holds it already, starts a process in a group of its own that holds the lock too,
writes down both pids, and waits to be ended. With --deaf both ignore TERM. With --lingers both save their work on TERM, and
are not done before their agent, the leader of their session, is gone and the hive has looked for what it left three times.
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


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def reads_of(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("syscr:"))


def linger(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while os.path.exists(f"/proc/{os.getsid(0)}"):
        time.sleep(0.01)
    looks = 3 * sum(name.isdigit() for name in os.listdir("/proc"))  # each reads every process at least once
    end = reads_of(hive) + looks
    while reads_of(hive) < end:
        time.sleep(0.01)
    note("saved", os.getpid())
    sys.exit()


hive = parent_of(os.getsid(0))
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
