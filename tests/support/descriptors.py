"""What the descriptors of a process are."""

import os


def links_of(pid):
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


def sockets_of(pid):
    return {link for link in links_of(pid) if link.startswith("socket:")}
