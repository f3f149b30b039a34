"""The raw link against real stacks: on loopback and over a veth pair, both IP versions."""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
import time

import pytest

from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Endpoint, Segment
from probe.spec.seq import Seq
from probe.wire.errors import TargetError
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink
from probe.wire.rights import in_container
from probe.wire.route import find_route
from probe.wire.sockdiag import KernelTable
from tests.live.far import Far
from tests.wire.line import ISN, everything, fin, flow_to, listening, open_crafted, replied, until

Line = tuple[str, int | None]
CASES = ["127.0.0.1", "127.0.0.9", "::1", "veth 4", "veth 6"]


@pytest.fixture(params=CASES)
def line(request: pytest.FixtureRequest) -> Line:
    """A peer's address, and a process in its namespace where that is not ours."""
    name: str = request.param
    if not name.startswith("veth"):
        return name, None
    far: Far = request.getfixturevalue("veth_pair")
    return far.far[int(name[-1])], far.pid


def test_a_whole_exchange_is_seen_once_each_in_order_and_told_apart(line: Line) -> None:
    with listening(*line) as (server, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        isn = open_crafted(link, flow)
        accepted, _ = server.accept()
        with accepted:
            link.send(flow, Segment(ISN + 1, isn + 1, ACK | PSH, length=20, payload=bytes(20)))
            assert accepted.recv(100) == bytes(20)
            seen = until(link, lambda a: not a.sent and a.segment.ack == ISN + 21)
            accepted.shutdown(socket.SHUT_WR)
            seen += until(link, replied(FIN | ACK))
            link.send(flow, Segment(ISN + 21, isn + 2, FIN | ACK))
            seen += until(link, lambda a: not a.sent and a.segment.ack == ISN + 22)
            assert link.dropped() == 0
    assert [(a.sent, a.own, a.segment.flags) for a in seen] == [
        (True, True, ACK),
        (True, True, ACK | PSH),
        (False, False, ACK),
        (False, False, FIN | ACK),
        (True, True, FIN | ACK),
        (False, False, ACK),
    ]
    assert all(a.flow == flow for a in seen)
    assert not any(a.segment.faults for a in seen)
    assert [a.number for a in seen] == list(range(3, 9))
    assert [a.time for a in seen] == sorted(a.time for a in seen)
    assert abs(seen[-1].time - time.time()) < 60


class Refused(PortPool):
    """A port to which a client comes in the last moment before it is held."""

    def take(self, port: int = 0) -> int:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)
        return super().take(port)


def test_what_our_kernel_refused_before_the_port_was_held_is_not_seen() -> None:
    with PortPool("127.0.0.1") as free:
        port = free.take()
    with Refused("127.0.0.1") as pool, RawLink(None, source="127.0.0.1", pool=pool, ports=[port]) as link:
        assert link.receive(time.monotonic() + 0.2) == []


def test_a_held_port_keeps_our_kernel_silent(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        open_crafted(link, flow)
        assert not [a for a in everything(link, flow) if a.sent and not a.own]


def test_without_the_guard_our_kernels_reset_is_seen_and_is_not_ours(line: Line) -> None:
    source = find_route(line[0]).source
    with (
        listening(*line) as (_, peer),
        PortPool(source, guarded=False) as pool,
        RawLink(line[0], pool=pool) as link,
    ):
        flow = flow_to(link, peer)
        link.send(flow, Segment(ISN, flags=SYN))
        seen = until(link, lambda a: bool(a.segment.flags & RST))
    assert [(a.sent, a.own, a.segment.flags) for a in seen] == [
        (True, True, SYN),
        (False, False, SYN | ACK),
        (True, False, RST),
    ]


def test_equal_segments_are_counted_one_by_one(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        for _ in range(3):
            link.send(flow, Segment(ISN, flags=SYN))
        seen = everything(link, flow)
    assert [a.own for a in seen if a.segment.flags == SYN] == [True] * 3


def test_a_wrong_checksum_is_seen_as_sent_and_not_answered(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        link.send(flow, Segment(ISN, flags=SYN, faults=("checksum",)))
        seen = everything(link, flow)
        assert [a.segment.flags for a in seen] == [SYN, 0]
        assert seen[0].segment.faults == ("checksum",)


def test_segments_of_other_ports_are_not_reported(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        family = socket.AF_INET6 if peer.version == 6 else socket.AF_INET
        with socket.socket(family) as bystander:
            bystander.connect((peer.address, peer.port))
            assert [a.own for a in everything(link, flow)] == [True]


def test_many_segments_at_once_all_come_back(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        for number in range(3000):
            link.send(flow, Segment(Seq(number), flags=0))
        own = [a.segment.seq for a in everything(link, flow) if a.own]
        assert own[:-1] == list(range(3000))
        assert link.dropped() == 0


@pytest.mark.parametrize("source", ["0.0.0.0", "::"])
def test_listening_for_every_peer(source: str) -> None:
    address = "::1" if source == "::" else "127.0.0.1"
    with PortPool(address) as picker:
        port = picker.take()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with RawLink(None, source=source, ports=[port]) as link, socket.socket(family) as client:
        client.setblocking(False)
        client.connect_ex((address, port))
        (syn,) = until(link, replied(SYN))
        assert syn.flow.local == Endpoint(address, port)
        link.send(syn.flow, Segment(ISN, syn.segment.seq + 1, SYN | ACK))
        seen = until(link, replied(ACK))
        assert [(a.sent, a.own, a.segment.flags) for a in seen] == [(True, True, SYN | ACK), (False, False, ACK)]
        assert select.select([], [client], [], 5)[1]


def test_listening_hears_a_peer_of_another_host(veth_pair: Far) -> None:
    with RawLink(None, source="0.0.0.0", ports=[7777]) as link:
        command = f"import socket; socket.create_connection(('{veth_pair.near[4]}', 7777))"
        veth_pair.start([sys.executable, "-c", command])
        (syn, *_) = until(link, replied(SYN))
        assert syn.flow.remote.address == veth_pair.far[4]
        link.send(syn.flow, Segment(ISN, syn.segment.seq + 1, SYN | ACK))
        assert [a.own for a in until(link, replied(ACK)) if a.segment.flags == SYN | ACK] == [True]


def test_link_local_peers_need_their_zone(veth_pair: Far) -> None:
    near = subprocess.run(
        ["nsenter", f"--net=/proc/{veth_pair.pid}/ns/net", "ip", "-6", "-o", "address", "show", "scope", "link"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    address = near.split()[3].partition("/")[0]
    with pytest.raises(TargetError, match="name its interface"):
        RawLink(address)
    for _ in range(50):
        if _own_link_local_is_ready(veth_pair.interface):
            break
    with RawLink(f"{address}%{veth_pair.interface}") as link:
        flow = flow_to(link, Endpoint(address, 9))
        link.send(flow, Segment(ISN, flags=SYN))
        assert [a.flow for a in until(link, replied(RST | ACK))] == [flow] * 2


def _own_link_local_is_ready(interface: str) -> bool:
    """Wait for the end of duplicate address detection as `ip monitor` would, in slices."""
    found = subprocess.run(
        ["ip", "-6", "-o", "address", "show", "dev", interface, "scope", "link", "-tentative"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if not found:
        select.select([], [], [], 0.1)
    return bool(found)


def test_packets_the_kernel_had_no_room_for_are_counted(line: Line) -> None:
    with listening(*line) as (_, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        open_crafted(link, flow)  # the neighbour is known now, so nothing waits for its address
        everything(link, flow)
        with socket.socket(fileno=os.dup(link.descriptors[0])) as receiver:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(100):
            link.send(flow, Segment(Seq(number), flags=0))
        dropped = link.dropped()
        assert 0 < dropped < 100
        assert link.dropped() == dropped
        assert len(link.receive(0)) == 100 - dropped


# A crafted handshake, then what our own host sent beside our segments.
CONFINED = """
import sys
from tests.wire.line import *
from probe.wire.errors import WireError
try:
    with RawLink(sys.argv[1]) as link:
        flow = flow_to(link, Endpoint(sys.argv[1], int(sys.argv[2])))
        open_crafted(link, flow)
        print([a.own for a in everything(link, flow) if a.sent])
except WireError as error:
    print(error)
"""


def run_with(capabilities: str, peer: Endpoint) -> str:
    confine = ["setpriv", f"--bounding-set=-all{capabilities}", f"--inh-caps=-all{capabilities}"]
    command = [*confine, sys.executable, "-c", CONFINED, peer.address, str(peer.port)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_cap_net_raw_is_all_it_takes(line: Line) -> None:
    with listening(*line) as (_, peer):
        assert run_with(",+net_raw", peer) == "[True, True]\n"


def test_without_cap_net_raw_the_mend_is_told() -> None:
    said = run_with("", Endpoint("127.0.0.1", 9))
    outside = ("`sudo`", "`setpriv --ambient-caps +net_raw --inh-caps +net_raw`", "`probe check`")
    for mend in ("CAP_NET_RAW", *(["`--cap-add NET_RAW`"] if in_container() else outside)):
        assert mend in said


def test_the_kernels_table_agrees_with_the_line(line: Line) -> None:
    with listening(*line) as (server, peer), RawLink(line[0]) as link:
        flow = flow_to(link, peer)
        isn = open_crafted(link, flow)
        accepted, _ = server.accept()
        with accepted:
            link.send(flow, fin(isn))
            until(link, lambda a: not a.sent and a.segment.ack == ISN + 2)
            if line[1] is None:
                with KernelTable() as table:
                    assert table.state(flow.remote, flow.local) == "CLOSE-WAIT"
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until(link, lambda a: not a.sent and bool(a.segment.flags & RST))
