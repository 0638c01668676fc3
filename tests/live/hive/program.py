#!/usr/bin/python3
"""A program to be watched: program.py FOLDER [--deaf | --lingers].

Takes a lock, reports if another process holds it already, starts a process in a group of its own that holds the lock too,
writes down both pids, and waits to be ended. With --deaf both ignore TERM. With --lingers both save their work on TERM, and
are not done before their parent is gone, and then take half a second.
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
    while os.getppid() == parent:
        time.sleep(0.01)
    time.sleep(0.5)
    note("saved", os.getpid())
    sys.exit()


parent = os.getppid()
if "--lingers" in sys.argv:
    signal.signal(signal.SIGTERM, linger)
lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("doubles", os.getpid())
program = os.getpid()
companion = os.fork()
if companion == 0:
    parent = program
    os.setpgid(0, 0)
else:
    note("starts", f"{os.getpid()} {companion}")
while True:
    signal.pause()
