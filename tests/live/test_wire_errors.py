"""What the line cannot do ends in one sentence that names the cause and the mend."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from probe.spec.segment import ACK, SYN, Endpoint, Segment
from probe.wire.errors import TargetError, WireError
from probe.wire.raw import RawLink
from tests.live.far import Far
from tests.wire.line import ISN, flow_to


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def far_link(veth_pair: Far) -> Iterator[RawLink]:
    with RawLink(veth_pair.far[4]) as link:
        yield link


@pytest.fixture
def short_lived(private_net: None) -> Iterator[str]:
    """An interface that a test may take away, with 10.79.0.2 behind it."""
    ip("link", "add", "gone0", "type", "veth", "peer", "gone1")
    ip("address", "add", "10.79.0.1/24", "dev", "gone0")
    ip("link", "set", "gone1", "up")
    ip("link", "set", "gone0", "up")
    yield "gone0"
    subprocess.run(["ip", "link", "delete", "gone0"], check=False, capture_output=True)


def test_a_directed_broadcast_is_refused(veth_pair: Far) -> None:
    with pytest.raises(TargetError, match="is a broadcast address"):
        RawLink("10.77.0.255")


def test_no_route_is_one_sentence(veth_pair: Far) -> None:
    with pytest.raises(WireError, match=r"there is no route to 192\.0\.2\.1 \(network is unreachable\)"):
        RawLink("192.0.2.1")


def test_an_interface_that_is_down_is_named(veth_pair: Far) -> None:
    ip("link", "set", veth_pair.interface, "down")
    with pytest.raises(WireError, match=f"interface {veth_pair.interface} is down; bring it up"):
        RawLink(veth_pair.far[4], interface=veth_pair.interface)


@pytest.mark.parametrize("words", [("set", "gone0", "down"), ("delete", "gone0")], ids=["down", "deleted"])
def test_an_interface_that_goes_away_ends_the_run(short_lived: str, words: tuple[str, ...]) -> None:
    with RawLink("10.79.0.2") as link:
        flow = flow_to(link, Endpoint("10.79.0.2", 9))
        ip("link", *words)
        for _ in range(2):
            with pytest.raises(WireError, match=r"gone0 failed while listening \(network is down\); bring it up"):
                link.receive(time.monotonic() + 5)
        with pytest.raises(WireError, match=r"there is no route to 10\.79\.0\.2 any more|went down"):
            link.send(flow, Segment(ISN, flags=SYN))


def test_a_segment_above_the_mtu_is_one_sentence(far_link: RawLink, veth_pair: Far) -> None:
    flow = flow_to(far_link, Endpoint(veth_pair.far[4], 9))
    with pytest.raises(WireError, match="a packet of 2040 octets is larger than the MTU"):
        far_link.send(flow, Segment(ISN, flags=ACK, length=2000))


def test_a_firewall_of_our_own_is_named(far_link: RawLink, veth_pair: Far) -> None:
    rules = "table inet test { chain out { type filter hook output priority 0; tcp dport 9 drop; }; }"
    subprocess.run(["nft", rules], check=True)
    try:
        with pytest.raises(WireError, match=r"a firewall or route of this host forbids packets to 10\.77\.0\.2"):
            far_link.send(flow_to(far_link, Endpoint(veth_pair.far[4], 9)), Segment(ISN, flags=SYN))
    finally:
        subprocess.run(["nft", "delete table inet test"], check=True)
