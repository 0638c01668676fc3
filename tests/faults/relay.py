#!/usr/bin/python3
"""The link between two network namespaces: what one TUN sends comes out of the other, later, or not at all.

    relay.py NEAR_FD FAR_FD

The kernels at both ends speak TCP with each other: a proxy would end each connection itself. Commands on the standard
input, each answered by a line: `delay WAY MS`, `loss WAY PART SEED`, `rate WAY BITS` a second (0: any), `cut WAY`, `mend WAY` (WAY is `near` or `far`: where
the packets go), and `reset [PORT]`: the connections of that port at the far end, or all, are reset. The near end learns of it at once
and the far end when the link brings it there.
"""

import collections
import os
import random
import select
import struct
import sys
import time

TCP, FIN, SYN, RST = 6, 1, 2, 4
PACKET = 65535
Flow = collections.namedtuple("Flow", "source source_port target target_port")


def sum16(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_packet(flow, sequence):
    """What a target takes for the reset of this flow's source: its sequence number is the one that comes next."""
    addresses = flow.source + flow.target
    segment = struct.pack("!HHIIBBHHH", flow.source_port, flow.target_port, sequence, 0, 5 << 4, RST, 0, 0, 0)
    checksum = sum16(addresses + struct.pack("!HH", TCP, len(segment)) + segment)
    head = struct.pack("!BBHHHBBH8s", 0x45, 0, 20 + len(segment), 0, 0, 64, TCP, 0, addresses)
    return head[:10] + struct.pack("!H", sum16(head)) + head[12:] + segment[:16] + struct.pack("!H", checksum) + segment[18:]


def segment_of(packet):
    """Flow, the sequence number behind this segment, and its flags; None if this is no TCP."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != TCP:
        return None
    length, at = struct.unpack_from("!H", packet, 2)[0], 4 * (packet[0] & 15)
    source_port, target_port, sequence = struct.unpack_from("!HHI", packet, at)
    flags = packet[at + 13]
    behind = sequence + length - at - 4 * (packet[at + 12] >> 4) + bool(flags & SYN) + bool(flags & FIN)
    return Flow(packet[12:16], source_port, packet[16:20], target_port), behind % 2**32, flags


class Way:
    """One direction. Nothing overtakes, whatever the delay was changed to."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.delay, self.loss, self.is_cut, self.chance = 0.0, 0.0, False, random.Random(0)
        self.rate, self.sent_at = 0, 0.0  # bits a second; when the last one has left its source
        self.queue = collections.deque()  # (when it is due, a packet or the flow that is to be reset)
        self.next = {}  # flow: the sequence number that its target awaits

    def put(self, thing):
        now = time.monotonic()
        takes = 8 * len(thing) / self.rate if self.rate and isinstance(thing, bytes) else 0
        self.sent_at = max(now, self.sent_at) + takes
        due = self.sent_at + self.delay
        self.queue.append((max(due, self.queue[-1][0]) if self.queue else due, thing))

    def take(self):
        """All that its source has sent."""
        while True:
            try:
                packet = os.read(self.source, PACKET)
            except BlockingIOError:
                return
            if not self.is_cut and self.chance.random() >= self.loss:
                self.put(packet)

    def deliver_due(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            self.deliver(self.queue.popleft()[1])

    def deliver(self, thing):
        if isinstance(thing, Flow):
            self.reset(thing)
            return
        if found := segment_of(thing):
            flow, behind, flags = found
            if flags & (RST | FIN):
                self.next.pop(flow, None)
            elif flags & SYN or flow in self.next and (behind - self.next[flow]) % 2**32 < 2**31:
                self.next[flow] = behind
        self.write(thing)

    def reset(self, flow):
        if flow in self.next:
            self.write(reset_packet(flow, self.next.pop(flow)))

    def write(self, packet):
        try:
            os.write(self.target, packet)
        except OSError:  # that end is down
            pass


class Relay:
    def __init__(self, near, far):
        self.ways = {"near": Way(far, near), "far": Way(near, far)}

    def reset(self, port):
        to_near, to_far = self.ways["near"], self.ways["far"]
        flows = [flow for flow in to_near.next if port in (None, flow.source_port)]
        for flow in flows:
            to_near.reset(flow)
            to_far.put(Flow(flow.target, flow.target_port, flow.source, flow.source_port))
        return len(flows)

    def command(self, verb, *words):
        if verb == "reset":
            return self.reset(int(words[0]) if words else None)
        way = self.ways[words[0]]
        if verb == "delay":
            way.delay = float(words[1]) / 1000
        elif verb == "rate":
            way.rate = int(words[1])
        elif verb == "loss":
            way.loss, way.chance = float(words[1]), random.Random(int(words[2]))
        else:
            way.is_cut = verb == "cut"
        return "ok"

    def wait(self):
        """What can be read by now."""
        dues = [way.queue[0][0] for way in self.ways.values() if way.queue]
        timeout = max(0, min(dues) - time.monotonic()) if dues else None
        return select.select([0, *(way.source for way in self.ways.values())], [], [], timeout)[0]

    def run(self):
        while True:
            readable = self.wait()
            for way in self.ways.values():
                way.deliver_due()
                way.take()
            if 0 in readable:
                line = sys.stdin.readline()
                if not line:
                    return
                print(self.command(*line.split()), flush=True)


if __name__ == "__main__":
    ends = [int(fd) for fd in sys.argv[1:]]
    for end in ends:
        os.set_blocking(end, False)
    Relay(*ends).run()
