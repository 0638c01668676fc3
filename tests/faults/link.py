"""A fleet's side that is a network namespace of its own, behind a link with delay and loss. The scene runs in a namespace
already (the script `run`), so that addresses and ports are its own."""

import fcntl
import os
import pathlib
import struct
import subprocess
import sys

from descriptors import sockets_of
from fleet import LIMIT_S, await_that

RELAY = pathlib.Path(__file__).with_name("relay.py")
NEAR, FAR = "10.79.0.1", "10.79.0.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, f"{command}: {done.stderr}"


class Link:
    """`inside` is put before a command that is to run at the far end, which reaches the near one by its address NEAR."""

    def __init__(self, round_trip_ms=0):
        ours = os.readlink("/proc/self/ns/net")
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        namespace = f"/proc/{self.holder.pid}/ns/net"
        await_that(lambda: os.readlink(namespace) != ours, "the far end's namespace")
        self.inside = ("nsenter", f"--net={namespace}")
        ends = [open_tun("near"), open_tun("far")]
        run(*self.inside, "ip", "link", "set", "lo", "up")
        run("ip", "link", "set", "far", "netns", str(self.holder.pid))
        for inside, name, address, peer in (((), "near", NEAR, FAR), (self.inside, "far", FAR, NEAR)):
            run(*inside, "ip", "address", "add", address, "peer", peer, "dev", name)
            run(*inside, "ip", "link", "set", name, "up")
        self.relay = subprocess.Popen([sys.executable, RELAY, *map(str, ends)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, pass_fds=ends)
        for end in ends:
            os.close(end)
        self.set_round_trip(round_trip_ms)

    def do(self, *words):
        print(*words, file=self.relay.stdin, flush=True)
        return self.relay.stdout.readline().strip()

    def set_round_trip(self, ms):
        self.do("delay", "near", ms / 2)
        self.do("delay", "far", ms / 2)

    def reset(self, port=None):
        """How many connections it were: of one port at the far end, or all."""
        return int(self.do("reset", *([] if port is None else [port])))

    def end(self):
        for process in (self.relay, self.holder):
            process.stdin.close()
            process.wait(LIMIT_S)


def port_of(pid):
    """The local port of a process's only TCP connection that stands; 0 if there is none."""
    sockets = sockets_of(pid)
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, *_, = fields = line.split()
        if state == "01" and f"socket:[{fields[9]}]" in sockets:
            return int(local.split(":")[1], 16)
    return 0
