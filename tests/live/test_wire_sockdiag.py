"""The kernel's own word on a connection's state: every state, both IP versions, half-open and lingering ones too."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from probe.spec.segment import ACK, FIN, RST, SYN, Endpoint, Flow, Segment
from probe.wire.guard import Guard
from probe.wire.namespace import inside
from probe.wire.raw import RawLink
from probe.wire.sockdiag import KernelTable
from tests.live.far import Far
from tests.wire.line import ISN, fin, flow_to, listening, open_crafted, replied, until


@pytest.fixture
def table(private_net: None) -> Iterator[KernelTable]:
    with KernelTable() as found:
        assert found.available
        yield found


class Crafted:
    """One connection from a crafted end to a real listener."""

    def __init__(self, address: str, server: socket.socket, peer: Endpoint, link: RawLink) -> None:
        self.server, self.link = server, link
        self.flow: Flow = flow_to(link, peer)

    def open(self) -> socket.socket:
        self.isn = open_crafted(self.link, self.flow)
        return self.server.accept()[0]

    def await_ack(self) -> None:
        until(self.link, lambda a: not a.sent and a.segment.ack == ISN + 2)


@pytest.fixture(params=["127.0.0.1", "::1"])
def crafted(request: pytest.FixtureRequest, private_net: None) -> Iterator[Crafted]:
    address: str = request.param
    with listening(address) as (server, peer), RawLink(address) as link:
        yield Crafted(address, server, peer, link)


def state(table: KernelTable, crafted: Crafted) -> str | None:
    return table.state(crafted.flow.remote, crafted.flow.local)


def test_a_listener_is_no_connection(table: KernelTable, crafted: Crafted) -> None:
    assert state(table, crafted) is None
    assert [row[2] for row in table.snapshot(crafted.flow.remote.port)] == ["LISTEN"]


def test_syn_received(table: KernelTable, crafted: Crafted) -> None:
    crafted.link.send(crafted.flow, Segment(ISN, flags=SYN))
    until(crafted.link, replied(SYN | ACK))
    assert state(table, crafted) == "SYN-RECEIVED"
    rows = table.snapshot(crafted.flow.remote.port)
    assert (crafted.flow.remote, crafted.flow.local, "SYN-RECEIVED") in rows
    crafted.link.send(crafted.flow, Segment(ISN + 1, flags=RST))
    until(crafted.link, lambda a: a.segment.flags == RST)
    assert state(table, crafted) is None


def test_our_close_first(table: KernelTable, crafted: Crafted) -> None:
    with crafted.open() as accepted:
        assert state(table, crafted) == "ESTABLISHED"
        crafted.link.send(crafted.flow, fin(crafted.isn))
        crafted.await_ack()
        assert state(table, crafted) == "CLOSE-WAIT"
        accepted.shutdown(socket.SHUT_WR)
        assert state(table, crafted) == "LAST-ACK"
        until(crafted.link, replied(FIN | ACK))
        crafted.link.send(crafted.flow, Segment(ISN + 2, crafted.isn + 2, ACK))
        until(crafted.link, lambda a: a.own and a.segment.ack == crafted.isn + 2)
        assert state(table, crafted) is None


@pytest.mark.parametrize("orphan", [False, True], ids=["half-closed", "closed"])
def test_the_peers_close_first(table: KernelTable, crafted: Crafted, orphan: bool) -> None:
    with crafted.open() as accepted:
        if orphan:
            accepted.close()
        else:
            accepted.shutdown(socket.SHUT_WR)
        until(crafted.link, replied(FIN | ACK))
        assert state(table, crafted) == "FIN-WAIT-1"
        crafted.link.send(crafted.flow, Segment(ISN + 1, crafted.isn + 2, ACK))
        until(crafted.link, lambda a: a.own and a.segment.ack == crafted.isn + 2)
        assert state(table, crafted) == "FIN-WAIT-2"
        crafted.link.send(crafted.flow, fin(crafted.isn, data=1))
        crafted.await_ack()
        assert state(table, crafted) == "TIME-WAIT"
        assert (crafted.flow.remote, crafted.flow.local, "TIME-WAIT") in table.snapshot(crafted.flow.remote.port)


def test_closing(table: KernelTable, crafted: Crafted) -> None:
    with crafted.open() as accepted:
        accepted.shutdown(socket.SHUT_WR)
        until(crafted.link, replied(FIN | ACK))
        crafted.link.send(crafted.flow, fin(crafted.isn))
        crafted.await_ack()
        assert state(table, crafted) == "CLOSING"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_syn_sent(table: KernelTable, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with Guard(address) as silent, socket.socket(family) as client:
        client.setblocking(False)
        client.connect_ex((address, silent.port))
        own = Endpoint(address, client.getsockname()[1])
        assert table.state(own, Endpoint(address, silent.port)) == "SYN-SENT"


def test_ipv4_connections_of_a_dual_stack_listener_are_found(table: KernelTable) -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server,
        RawLink("127.0.0.1") as link,
    ):
        flow = flow_to(link, Endpoint("127.0.0.1", server.getsockname()[1]))
        open_crafted(link, flow)
        accepted, _ = server.accept()
        with accepted:
            assert table.state(flow.remote, flow.local) == "ESTABLISHED"
            assert (flow.remote, flow.local, "ESTABLISHED") in table.snapshot(flow.remote.port)


def test_the_table_stays_with_the_namespace_it_was_made_in(veth_pair: Far, table: KernelTable) -> None:
    with inside(veth_pair.pid):
        there = KernelTable()
    with there, listening(veth_pair.far[4], veth_pair.pid) as (server, peer), RawLink(veth_pair.far[4]) as link:
        flow = flow_to(link, peer)
        open_crafted(link, flow)
        accepted, _ = server.accept()
        with accepted:
            assert there.state(peer, flow.local) == "ESTABLISHED"
            assert table.state(peer, flow.local) is None
