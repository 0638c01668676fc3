#!/usr/bin/python3
"""A program to be watched that speaks sd_notify: notifier.py LINE... sends these lines, ten times a second."""

import os
import socket
import sys
import time

address = os.environ["NOTIFY_SOCKET"]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    while True:
        notify.sendto("\n".join(sys.argv[1:]).encode(), address.replace("@", "\0", 1))
        time.sleep(0.1)
