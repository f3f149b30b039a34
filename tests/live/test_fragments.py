"""What a router makes of packets that are too big for its link: fragments, or an ICMP error; as tshark sees it."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from probe.capture.fragments import PART
from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Connection, Evidence, Handshake, IcmpReport
from probe.results.verdict import Verdict
from probe.spec.icmp import Icmp, IcmpKind
from probe.wire.namespace import inside
from tests.capture.witness import ours, tshark
from tests.captures.stage import tcpdump
from tests.helpers.paths import Chain

MTU, PORT, SIZE = 1280, 8099, 40_000
_SERVER = f"""
import socket
listener = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
print(flush=True)
while True:
    peer, _ = listener.accept()
    count = 0
    while text := peer.recv(65536):
        count += len(text)
    peer.sendall(b"%d" % count)
    peer.close()
"""


@pytest.fixture
def chain(private_net: None) -> Iterator[Chain]:
    """A router whose link to the host is narrower than the host knows: so the MSS it announces is too large."""
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    with Chain(routers=1, mtu=MTU) as chain:
        chain.run(["ip", "link", "set", far_end(chain), "mtu", "1500"], 2)
        server = chain.start([sys.executable, "-c", _SERVER])
        assert server.stdout is not None
        server.stdout.readline()
        yield chain


def far_end(chain: Chain) -> str:
    """The host's interface."""
    return chain.device(1).replace("on", "back")


def sent(chain: Chain, version: int) -> None:
    """Send much text to the host, which tells how much came."""
    with socket.create_connection((chain.host[version], PORT), 20) as talk:
        talk.sendall(bytes(SIZE))
        talk.shutdown(socket.SHUT_WR)
        assert talk.recv(100) == b"%d" % SIZE


def alone(path: Path) -> Connection:
    """The one connection of a capture, which nothing is wrong with."""
    (found,) = replay(ReplayOptions((str(path),), workers=1)).listed
    assert (found.handshake, found.evidence, found.verdict) == (Handshake.FOLLOWED, Evidence.COMPLETE, Verdict.PASS)
    return found


@pytest.fixture
def without_discovery(private_net: None) -> Iterator[None]:
    """Our kernel lets routers fragment what it sends."""
    setting = Path("/proc/sys/net/ipv4/ip_no_pmtu_disc")
    setting.write_text("1", encoding="ascii")
    yield
    setting.write_text("0", encoding="ascii")


@pytest.mark.usefixtures("without_discovery")
def test_fragments_of_a_router_are_put_together(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "fragments.pcap"
    with ExitStack() as stack:
        with inside(chain.pid(2)):
            stack.enter_context(tcpdump(path, "ip", interface=far_end(chain)))
        sent(chain, 4)
    told = ours(path)
    assert told.rows == tshark(path)
    assert told.skipped[PART] >= SIZE // 1500
    assert not alone(path).icmp


@pytest.mark.parametrize("version", [4, 6])
def test_what_the_router_reports_stands_with_the_connection(version: int, chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "reported.pcap"
    with tcpdump(path, interface=chain.device(0)):
        sent(chain, version)
    kind, code = (3, 4) if version == 4 else (2, 0)
    icmp = Icmp(chain.address(1, version), version, kind, code, MTU)
    assert icmp.kind is IcmpKind.TOO_BIG
    assert alone(path).icmp == (IcmpReport(icmp, about_client=True),)
    assert {one.icmp for one in extract(str(path), 0).icmp} == {icmp}
