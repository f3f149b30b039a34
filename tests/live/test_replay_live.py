"""A real client recorded against a real server, then re-enacted live: the same server, and one with a fault."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from probe.lab import Lab
from probe.live.options import ReenactOptions
from probe.live.reenact import reenact
from probe.replay.extracting import extract
from probe.results.verdict import ExchangeResult, Verdict
from probe.spec.segment import FIN, Endpoint, Flow
from probe.wire.bpf import program
from probe.wire.decode import Skipped, unpack
from probe.wire.namespace import inside
from probe.wire.record import Recorder
from probe.wire.sniffer import Sniffer
from tests.live.far import Far

LOOPBACK = {4: "127.0.0.1", 6: "::1"}
Client = Callable[[Endpoint], Flow]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is served: one page."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "page").write_bytes(b"x" * 100_000)
    return tmp_path / "www"


@pytest.fixture
def web(private_net: None, folder: Path) -> Iterator[dict[int, Endpoint]]:
    """IP version -> an HTTP/1.0 server of Python's own on loopback."""
    servers = []
    for version, address in LOOPBACK.items():
        kind = type("Server", (http.server.ThreadingHTTPServer,), {"address_family": _FAMILY[version]})
        servers.append((version, kind((address, 0), functools.partial(Quiet, directory=str(folder)))))
    threads = [threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}) for _, s in servers]
    for thread in threads:
        thread.start()
    yield {version: Endpoint(LOOPBACK[version], s.server_address[1]) for version, s in servers}
    for _, server in servers:
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def fetch(server: Endpoint) -> Flow:
    """A kernel's client: asks for the page, reads to the end, closes."""
    with socket.create_connection((server.address, server.port), timeout=10) as client:
        port = client.getsockname()[1]
        client.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        while client.recv(65536):
            pass
    return Flow(Endpoint(server.address, port), server)


def command(line: bytes, *, first: bool) -> Client:
    """A client of `probe target`: gives one command; closes ``first`` or reads to the end before."""

    def client(server: Endpoint) -> Flow:
        with socket.create_connection((server.address, server.port), timeout=10) as sock:
            port = sock.getsockname()[1]
            sock.sendall(line)
            if first:
                sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass
        return Flow(Endpoint(server.address, port), server)

    return client


def recorded(path: Path, server: Endpoint, client: Client) -> str:
    """What passed the loopback interface while the client was at work, up to the ACK after both FINs."""
    filtered = program([server.address], [server.port])
    with closing(Sniffer("lo", filtered)) as sniffer, Recorder(path) as recorder:
        flow = client(server)
        fins, deadline, complete = set[bool](), time.monotonic() + 10, False
        while not complete:
            assert time.monotonic() < deadline, "the close was not seen"
            sniffer.wait(deadline)
            for sighting in sniffer.drain():
                decoded = unpack(sighting.packet, wire_length=sighting.length, checksum=sighting.checksum)
                if isinstance(decoded, Skipped) or decoded.flow not in (flow, flow.reversed()):
                    continue
                recorder.add(sighting.packet, sighting.time)
                fin = bool(decoded.segment.flags & FIN)
                complete = complete or (len(fins) == 2 and not fin)
                fins |= {decoded.flow == flow} if fin else set()
    return str(path)


def again(file: str, target: Endpoint, **fields: Any) -> ExchangeResult:  # noqa: ANN401  # fields of ReenactOptions
    """The one exchange of a re-enactment."""
    run = reenact(target, ReenactOptions(file, seed=1, **fields))
    assert (run.warnings, len(run.exchanges)) == ((), 1)
    return run.exchanges[0]


def octets(exchange: ExchangeResult, direction: str) -> int:
    """How much text went one way."""
    return sum(s.segment.length for s in exchange.steps if s.direction == direction)


def departures(exchange: ExchangeResult) -> list[str]:
    """In words."""
    return [f"step {d.step}: captured {d.captured}, live {d.live}" for d in exchange.departures]


@pytest.mark.parametrize("version", [4, 6])
def test_recorded_client_of_a_web_server(version: int, web: dict[int, Endpoint], tmp_path: Path) -> None:
    file = recorded(tmp_path / "client.pcapng", web[version], fetch)
    exchange = again(file, web[version])
    assert (exchange.verdict, departures(exchange), exchange.findings) == (Verdict.PASS, [], ())
    assert octets(exchange, "<") > 100_000
    own = [c for c in exchange.captured if c.direction == ">"]
    assert [exchange.steps[c.live].segment.flags for c in own if c.live is not None] == [
        p.segment.flags for p in extract(file).packets if p.from_client
    ]


def test_capture_of_one_version_is_played_over_the_other(web: dict[int, Endpoint], tmp_path: Path) -> None:
    file = recorded(tmp_path / "client.pcapng", web[4], fetch)
    exchange = again(file, web[6])
    assert (exchange.verdict, exchange.ip_version, departures(exchange)) == (Verdict.PASS, 6, [])


@pytest.mark.parametrize("size", [10, 400_000])
def test_other_amount_of_text_is_a_departure_within_the_rfc(
    size: int, web: dict[int, Endpoint], folder: Path, tmp_path: Path
) -> None:
    file = recorded(tmp_path / "client.pcapng", web[4], fetch)
    (folder / "page").write_bytes(b"y" * size)
    exchange = again(file, web[4])
    assert exchange.verdict is Verdict.PASS
    assert [" octets of text in all" in line for line in departures(exchange)] == [True], departures(exchange)
    assert max(s.segment.ack - exchange.isns[1] for s in exchange.steps if s.direction == ">" and s.segment.ack) > size


@pytest.mark.parametrize(("line", "first"), [(b"PROBE close\n", False), (b"PROBE eof; close\n", True)])
@pytest.mark.parametrize("version", [4, 6])
def test_either_end_closes_first(
    line: bytes, first: bool, version: int, target: dict[int, Endpoint], tmp_path: Path
) -> None:
    file = recorded(tmp_path / "client.pcapng", target[version], command(line, first=first))
    exchange = again(file, target[version])
    assert (exchange.verdict, departures(exchange)) == (Verdict.PASS, [])
    assert "close" in exchange.form


def test_peer_that_leaves_our_fin_unanswered_fails_and_departs(veth_pair: Far, tmp_path: Path) -> None:
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed (nftables)")
    with Lab(private=False) as lab:
        file = recorded(tmp_path / "client.pcapng", lab.endpoints[4], command(b"PROBE eof; close\n", first=True))
    endpoint = veth_pair.start_target()[4]
    with inside(veth_pair.pid):
        rules = (
            "add table inet fault; add chain inet fault in { type filter hook input priority 0; };"
            f" add rule inet fault in tcp dport {endpoint.port} tcp flags & fin == fin drop"
        )
        subprocess.run(["nft", rules], check=True)
    exchange = again(file, endpoint)
    assert exchange.verdict is Verdict.FAIL, exchange
    assert 3 <= exchange.attempts <= 8  # as many as it takes until chance is out of the question
    # How long is learned of the peer, after the first attempt; the ACK of the text may come before.
    silence = re.compile(r"\bnothing for \d+\.\d s$")
    assert [bool(silence.search(f.came)) for f in exchange.findings] == [True]
    assert silence.search(departures(exchange)[0])


def test_nobody_listens_any_more(web: dict[int, Endpoint], tmp_path: Path) -> None:
    file = recorded(tmp_path / "client.pcapng", web[4], fetch)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = Endpoint("127.0.0.1", gone.getsockname()[1])
    exchange = again(file, closed)
    assert exchange.verdict is Verdict.INCONCLUSIVE
    assert departures(exchange) == ["step 2: captured S. seq 0 ack 1, live R. seq 0 ack 1"]


def test_recording_of_the_re_enactment(target: dict[int, Endpoint], tmp_path: Path) -> None:
    file = recorded(tmp_path / "client.pcapng", target[4], command(b"PROBE close\n", first=False))
    with Recorder(tmp_path / "again.pcapng", "probe replay --live") as recorder:
        exchange = again(file, target[4], recorder=recorder)
    second = extract(str(tmp_path / "again.pcapng"))
    assert len(second.packets) == len(exchange.steps)
