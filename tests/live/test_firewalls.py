"""A healthy server behind real firewalls, translators and listeners: found, named, nobody accused."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.exit_codes import ExitCode
from probe.results.path import Standing, Suspect
from probe.results.verdict import Report, Run, Verdict, Why
from probe.spec.segment import Endpoint
from tests.helpers.breadth import met
from tests.helpers.paths import (
    CONNECTIONS,
    LIMIT,
    MASQUERADE,
    MASQUERADE_CLOSED,
    MSS_CLAMP,
    MSS_WANTED,
    NO_SCANS,
    NO_UNKNOWN_OPTIONS,
    REFUSING_HOST,
    SERVED_ONLY,
    STATEFUL_HOST,
    STATEFUL_ROUTER,
    STRICT_HOST,
    SYNPROXY,
    Chain,
)

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Place:
    """A path, the suspect that is to be found on it (None: none), and exchanges that rest on what it keeps back.

    ``tracking`` sets how node 1 keeps track of connections (below net/netfilter/nf_conntrack_tcp_). ``shut``: the
    target's host lets in what goes to its port, and what belongs to its own connections. ``shown`` are exchanges that
    pass although something is kept back.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    suspect: Suspect | None = None
    rests: tuple[str, ...] = ()
    version: int = 4
    server: str = ""
    only: tuple[str, ...] = ()
    passes: int = 90
    tracking: Mapping[str, str] = field(default_factory=dict)
    shut: bool = False
    port: int = 0
    shown: tuple[str, ...] = ()


PROXIED = 8080
_PROXY = {"routers": 1, "rules": {1: SYNPROXY.format(port=PROXIED, hook="forward")}}
_NO_LOOSE = {"loose": "0"}  # as nft(8) has it: the ACK that brings the cookie must not begin a connection
_DROPPED = ("data-outside", "fin-outside", "listen-ack", "closed-no-ack", "rst-outside", "bad-ack-syn-received")
_FILTER = Suspect.FILTER
_HTTP = """
from http.server import ThreadingHTTPServer, SimpleHTTPRequestHandler
import socket
server = ThreadingHTTPServer(("", 8080), SimpleHTTPRequestHandler)
server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, {defers})
print(flush=True)
server.serve_forever()
"""
_OPENED = ("open", "synack-*", "syn-*", "*-syn-*", "two-way-only", "ack-*", "close-by-us*", "data-*", "listen-*")
PLACES = {
    "plain": Place(),
    "plain router": Place({"routers": 1}, version=6),
    "filter on the host": Place({"rules": {1: STATEFUL_HOST}}, _FILTER, _DROPPED),
    "filter on the host, IPv6": Place({"rules": {1: STATEFUL_HOST}}, _FILTER, _DROPPED, version=6),
    "only SYNs begin": Place({"rules": {1: STRICT_HOST}}, _FILTER, (*_DROPPED, "closed-ack")),
    "filter on a router": Place({"routers": 1, "rules": {1: STATEFUL_ROUTER}}, _FILTER, _DROPPED),
    "windows ignored": Place(
        {"routers": 1, "rules": {1: STATEFUL_ROUTER}},
        _FILTER,
        ("listen-ack", "closed-no-ack", "old-syn-time-wait"),
        tracking={"be_liberal": "1", "loose": "0"},
    ),
    "reset, not dropped": Place({"rules": {1: REFUSING_HOST}}, _FILTER, _DROPPED),
    "all but the served port": Place({}, _FILTER, ("active-refused", "active-bare-rst"), shut=True),
    "against port scans": Place({"rules": {1: NO_SCANS}}, Suspect.FLAGS, ("closed-no-ack",)),
    "unknown options dropped": Place(
        {"routers": 1, "rules": {1: NO_UNKNOWN_OPTIONS}}, Suspect.OPTIONS, ("options-unknown", "listen-unusual")
    ),
    "no SYN without an MSS": Place({"rules": {1: MSS_WANTED}}, Suspect.OPTIONS, ("options-none", "options-no-mss")),
    "MSS rewritten": Place({"routers": 1, "rules": {1: MSS_CLAMP}}, Suspect.OPTIONS, ("options-unaligned",)),
    "limit on SYNs": Place({"rules": {1: LIMIT}}, Suspect.LIMIT),
    "masquerading": Place({"routers": 1, "rules": {1: MASQUERADE}}, Suspect.TRANSLATION, _DROPPED),
    "masquerading and filter": Place({"routers": 1, "rules": {1: MASQUERADE_CLOSED}}, _FILTER, _DROPPED),
    "SYN cookies": Place(
        {"sysctls": {"net/ipv4/tcp_syncookies": "2"}}, Suspect.COOKIES, ("synack-retransmitted", "bad-ack-syn-received")
    ),
    "deferred accept": Place(
        suspect=Suspect.DEFERRED_ACCEPT, rests=("synack-stops",), server=_HTTP.format(defers=1), only=_OPENED, passes=15
    ),
    "SYN proxy": Place(
        _PROXY,
        Suspect.PROXY,
        ("syn-again-established", "old-syn-established", "synack-retransmitted", "listen-rst"),
        passes=55,
        tracking=_NO_LOOSE,
        port=PROXIED,
        shown=("close-by-us", "half-close", "abort-by-us", "data-in-fin-wait-2", "time-wait-data", "data-again"),
    ),
    "SYN proxy, asked little": Place(
        _PROXY,
        Suspect.PROXY,
        ("listen-rst",),
        only=("listen-rst", "close-by-us", "options-mss"),
        passes=2,
        tracking=_NO_LOOSE,
        port=PROXIED,
        shown=("close-by-us",),
    ),
}


def served(chain: Chain, place: Place) -> Endpoint:
    """Where a server of that place listens."""
    for name, value in place.tracking.items():
        chain.set(1, f"net/netfilter/nf_conntrack_tcp_{name}", value)
    if not place.server:
        endpoint = chain.start_target(place.port)[place.version]
        if place.shut:
            chain.run(["nft", "-f", "-"], 1, SERVED_ONLY.format(port=endpoint.port))
        return endpoint
    process = chain.start([sys.executable, "-c", place.server])
    assert process.stdout is not None
    process.stdout.readline()
    return Endpoint(chain.host[place.version], 8080)


def told(run: Run) -> list[str]:
    return [f"{e.id}: {e.verdict} {e.reason} {[f.rule for f in e.findings]}" for e in run.exchanges]


QUICK = ("filter on the host", "filter on a router", "masquerading", "deferred accept")


@pytest.mark.parametrize("name", met(PLACES, QUICK))
def test_what_stands_before_a_healthy_server_is_named_and_nobody_accused(name: str, private_net: None) -> None:
    place = PLACES[name]
    with Chain(**place.settings) as chain:
        run = check(served(chain, place), CheckOptions(seed=1, only=place.only))
    assert run.path is not None
    words = {e.id: e.verdict for e in run.exchanges}
    assert {e.id: e.findings for e in run.exchanges if e.verdict is Verdict.FAIL} == {}
    assert Report("check", "rfc9293", (run,)).exit_code is ExitCode.CONFORMS, told(run)
    found = {s.suspect for s in run.path.accepted} - ({Suspect.FILTER} if place.suspect is Suspect.PROXY else set())
    assert found == ({place.suspect} if place.suspect else set()), run.path
    for suspicion in (s for s in run.path.accepted if s.suspect is place.suspect):
        assert set(place.rests) <= set(suspicion.exchanges)
        assert suspicion.reason in run.path.sentence
    kept_back = [e for e in run.exchanges if e.why is Why.PATH]
    assert set(place.rests) <= {e.id for e in kept_back}
    assert all(e.verdict is Verdict.SKIP for e in kept_back)
    # Whatever does not rest on it is judged as ever; the handshake with a SYN proxy shows the proxy.
    opened = Verdict.SKIP if place.suspect is Suspect.PROXY else Verdict.PASS
    assert words.get("open", opened) is opened
    assert {words.get("close-by-us", Verdict.PASS), words.get("close-by-peer", Verdict.PASS)} == {Verdict.PASS}
    assert {words[name] for name in place.shown} <= {Verdict.PASS}
    assert sum(word is Verdict.PASS for word in words.values()) >= place.passes, told(run)
    if place.suspect is None:
        assert run.path.standing(Suspect.FILTER) is Standing.REFUSED
        assert run.path.loss.bound < 0.02


@pytest.mark.parametrize("verdict", ["drop", "reject with tcp reset"])
def test_a_limit_on_connections_leaves_nothing_unjudged(verdict: str, private_net: None) -> None:
    """Two at a time: those of ours that wait for a timer count, and what we left half-open would for minutes."""
    with Chain(rules={1: CONNECTIONS.format(verdict=verdict)}) as chain:
        run = check(chain.start_target()[4], CheckOptions(seed=1))
    assert {e.id: e.findings for e in run.exchanges if e.verdict is Verdict.FAIL} == {}
    assert sum(e.verdict is Verdict.PASS for e in run.exchanges) >= 110, told(run)
