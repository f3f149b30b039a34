"""The model of a stateful filter against the connection tracking of this kernel, label by label."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator

import pytest

from probe.engine.belief.events import Seen
from probe.engine.path.filter import Label, Settings
from probe.engine.path.labelled import Labelled
from probe.spec.segment import (
    ACK,
    FIN,
    MSS,
    PSH,
    RST,
    SACK,
    SACK_PERMITTED,
    SYN,
    TIMESTAMPS,
    URG,
    WSCALE,
    Endpoint,
    Flow,
    Option,
    Segment,
)
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.namespace import inside
from probe.wire.sender import Sender
from tests.helpers.paths import Chain

TTL = {11: Label.INVALID, 12: Label.NEW, 13: Label.VALID}
LABELLING = """
table ip path {
  chain after { type filter hook postrouting priority mangle;
    ct state invalid ip ttl set 11; ct state new ip ttl set 12; ct state established ip ttl set 13; }
}
"""
DEAF = """
table ip path {
  chain before { type filter hook prerouting priority raw; ip protocol tcp drop; }
}
"""
"""The ends are ours alone: their kernels hear nothing."""
_ETH_IP = 0x0800


class Kernel:
    """A router's own labels of segments that are sent from either side of it."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self.client, self.server = chain.address(0), chain.host[4]
        self.port = 2000
        self._senders = {True: Sender(4)}
        with inside(chain.pid(2)):
            self._senders[False] = Sender(4)
            there = _listening()
        self._sockets = {True: there, False: _listening()}

    def be_liberal(self, liberal: bool) -> None:
        """Whether the router's tracking looks at no window."""
        self._chain.set(1, "net/netfilter/nf_conntrack_tcp_be_liberal", str(int(liberal)))

    def labels(self, record: list[Seen]) -> dict[int, Label]:
        """Those of a record, sent in its order over a connection of its own."""
        self.port += 1
        flow = Flow(Endpoint(self.client, self.port), Endpoint(self.server, 80))
        found = {}
        for index, event in enumerate(record):
            ours = flow if event.to_peer else flow.reversed()
            self._senders[event.to_peer].send(pack(ours, event.segment), ours.remote.address)
            found[index] = self._label(self._sockets[event.to_peer], ours)
        return found

    def _label(self, sock: socket.socket, flow: Flow) -> Label:
        ports = flow.local.port.to_bytes(2, "big") + flow.remote.port.to_bytes(2, "big")
        until = time.monotonic() + 5
        while time.monotonic() < until:
            packet, address = sock.recvfrom(2048)
            if address[2] == socket.PACKET_HOST and packet[9] == socket.IPPROTO_TCP and packet[20:24] == ports:
                return TTL[packet[8]]
        raise AssertionError("the router passed nothing on")

    def close(self) -> None:
        for sender in self._senders.values():
            sender.close()
        for sock in self._sockets.values():
            sock.close()


def _listening() -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_IP))
    sock.settimeout(5)
    return sock


@pytest.fixture(scope="module")
def kernel(private_net: None) -> Iterator[Kernel]:
    with Chain(routers=1, rules={0: DEAF, 1: LABELLING, 2: DEAF}) as chain:
        kernel = Kernel(chain)
        yield kernel
        kernel.close()
        chain.run(["nft", "delete", "table", "ip", "path"], 0)


# -- records by chance: connections as they are, and segments as they are not ----------------------------------------

FLAGS = (SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK)
ODD = (0, FIN, SYN | FIN, SYN | RST, URG, ACK | URG, FIN | ACK | PSH | URG, PSH, SYN | URG, FIN | RST)
NEAR = (0, 0, 0, 0, 0, 1, -1, 2, 10, -10, 500, -500)
FAR = (
    60000,
    -60000,
    65535,
    65536,
    66000,
    -66000,
    66001,
    70000,
    -70000,
    131070,
    131073,
    -140000,
    1 << 20,
    -(1 << 20),
    1 << 30,
    1 << 31,
    (1 << 31) - 1,
    (1 << 31) + 1,
)


class Ends:
    """Two ends that mostly behave, so that a record by chance gets somewhere."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.iss = {side: Seq(chance.getrandbits(32)) for side in (True, False)}
        self.nxt = dict(self.iss)
        self.opened = {True: False, False: False}
        self.handshake = chance.random() < 0.85

    def record(self, length: int) -> list[Seen]:
        return [Seen(index * 0.0001, *self.segment(index)) for index in range(length)]

    def segment(self, index: int) -> tuple[bool, Segment]:
        chance = self.chance
        if self.handshake and index < 3:
            side = index != 1
            flags = (SYN, SYN | ACK, ACK)[index]
            return side, self.made(side, flags, self.nxt[side], self.nxt[not side] if index else Seq(0))
        side = chance.random() < 0.6
        flags = chance.choice(FLAGS if chance.random() < 0.9 else ODD)
        if chance.random() < 0.5:
            flags = ACK | PSH if chance.random() < 0.5 else ACK
        seq, ack = self.nxt[side], self.nxt[not side]
        if flags & SYN and chance.random() < 0.7:
            seq = self.iss[side] = self.iss[side] + chance.choice((0, 0, 1, 1000, 1 << 20))
        else:
            seq += chance.choice(NEAR if chance.random() < 0.7 else FAR)
        ack += chance.choice(NEAR if chance.random() < 0.8 else FAR)
        if chance.random() < 0.05:
            seq = Seq(0)
        if chance.random() < 0.05:
            ack = Seq(0)
        return side, self.made(side, flags, seq, ack)

    def made(self, side: bool, flags: int, seq: Seq, ack: Seq) -> Segment:
        chance = self.chance
        length = chance.choice((0, 0, 0, 1, 10, 1000)) if flags & (SYN | RST) == 0 else 0
        window = chance.choice((65535, 65535, 8192, 1000, 1, 0))
        options: tuple[Option, ...] = ()
        if flags & SYN:
            known = (
                Option(MSS, b"\x05\xb4"),
                Option(WSCALE, bytes([chance.choice((0, 2, 7, 14, 15))])),
                Option(SACK_PERMITTED),
                Option(TIMESTAMPS, bytes(8)),
                Option(1),
                Option(77, b"ab"),
            )
            options = tuple(option for option in known if chance.random() < 0.4)
            options += (Option(1),) * (-sum(o.size for o in options) % 4)
        elif chance.random() < 0.1:
            block = (int(ack + 10)).to_bytes(4, "big") + int(ack + chance.choice((20, 100, 70000))).to_bytes(4, "big")
            options = (Option(1), Option(1), Option(SACK, block))
        faults = ("checksum",) if chance.random() < 0.02 else ()
        segment = Segment(seq, ack if flags & ACK else Seq(0), flags, window, length, b"", options, faults=faults)
        if segment.end > self.nxt[side] and segment.end - self.nxt[side] < 5000 and not faults:
            self.nxt[side] = segment.end
        return segment


@pytest.mark.parametrize("liberal", [False, True], ids=["strict", "liberal"])
@pytest.mark.parametrize("seed", range(20))
def test_every_label_is_that_of_the_kernel(kernel: Kernel, seed: int, liberal: bool) -> None:
    kernel.be_liberal(liberal)
    chance = random.Random(seed)
    for number in range(30):
        record = Ends(chance).record(14)
        found, told = Labelled(record).by(Settings(liberal=liberal)).called, kernel.labels(record)
        if found != told:
            index = next(i for i in told if told[i] != found[i])
            lines = [
                f"{e.to_peer:d} {e.segment} win {e.segment.window} {told[i].value}"
                for i, e in enumerate(record[: index + 1])
            ]
            pytest.fail(f"record {number}: the model says {found[index].value}\n" + "\n".join(lines))
