"""`listen` against clients as they are: curl, nc, Python, a client with several connections at once; and bad ones."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from probe import scenarios
from probe.live.listen import listen
from probe.live.options import ListenOptions
from probe.results.verdict import Run, Verdict
from probe.scenarios.triggers import ITSELF, missing
from probe.wire.errors import WireError
from probe.wire.namespace import pdeathsig
from tests.live.far import FAR, NEAR, Far
from tests.live.test_check import disagreements, filtered

PORT = 8080
EVERY = {s.id for s in scenarios.ALL.values() if s.opens == "peer" and not missing(ITSELF, s.commands)}
LOCAL = {4: "127.0.0.1", 6: "::1"}
CURL = "while :; do curl --silent --max-time 20 --output /dev/null http://{host}:{port}/; sleep 0.02; done"
NC = "while :; do echo hello | nc -N -w 20 {bare} {port} >/dev/null; sleep 0.02; done"
PYTHON = """
import http.client
while True:
    try:
        made = http.client.HTTPConnection("{bare}", {port}, timeout=20)
        made.request("GET", "/")
        made.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    made.close()
"""
BROWSER = """
import threading, urllib.request
def fetch():
    while True:
        try:
            urllib.request.urlopen("http://{host}:{port}/favicon.ico", timeout=20).read()
        except OSError:
            pass
for _ in range(6):
    threading.Thread(target=fetch).start()
"""
CLIENTS = {
    "curl": ["sh", "-c", CURL],
    "nc": ["sh", "-c", NC],
    "python": [sys.executable, "-c", PYTHON],
    "browser": [sys.executable, "-c", BROWSER],
}


@contextmanager
def client(name: str, address: str) -> Iterator[None]:
    """A client that connects again and again, until the end of the block."""
    host = f"[{address}]" if ":" in address else address
    words = [word.format(host=host, bare=address, port=PORT) for word in CLIENTS[name]]
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=pdeathsig,  # noqa: PLW1509
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


DEPARTS = {"active-open-data": Verdict.WARN}
"""Linux leaves out text on a SYN,ACK (``active.synack-with-data``)."""


def words(run: Run) -> dict[str, Verdict]:
    return {e.id: e.verdict for e in run.exchanges}


def amiss(run: Run) -> list[str]:
    """What a healthy client of this kernel does not get, with all that is told of it."""
    odd = (e for e in run.exchanges if e.verdict is not DEPARTS.get(e.id, Verdict.PASS))
    return [f"{e.id}: {e.verdict} {e.reason} {e.findings} {e.proofs}" for e in odd]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("name", CLIENTS)
def test_clients_are_judged(private_net: None, name: str, version: int) -> None:
    with client(name, LOCAL[version]):
        run = listen(PORT, ListenOptions(waits=False, deadline=60))
    assert (run.target, run.ip_version) == (LOCAL[version], version)
    assert set(words(run)) == EVERY - {"active-syn-retransmitted"}
    assert amiss(run) == []
    assert (run.summary.three_way, run.summary.close_by_us, run.summary.close_by_peer) == ("followed",) * 3
    assert [d for e in run.exchanges for d in disagreements(e)] == []


def test_one_connection_is_enough_for_one_exchange(private_net: None) -> None:
    with client("nc", "127.0.0.1"):
        run = listen(PORT, ListenOptions(only=("active-open",), count=1, deadline=30))
    assert words(run) == {"active-open": Verdict.PASS}


def test_silence_tells_how_a_client_repeats_its_syn(private_net: None) -> None:
    with client("curl", "127.0.0.1"):
        run = listen(PORT, ListenOptions(only=("active-syn-retransmitted",), deadline=40))
    (result,) = run.exchanges
    assert {f.rule for f in result.findings} <= {"active.syn-backoff"}
    assert result.verdict in {Verdict.PASS, Verdict.WARN}
    assert "active.syn-retransmitted-same-isn" in result.rules


def test_a_client_that_never_comes(private_net: None) -> None:
    run = listen(PORT, ListenOptions(deadline=0.3))
    assert set(words(run).values()) == {Verdict.INCONCLUSIVE}
    assert {e.reason for e in run.exchanges} == {"no connection came for it"}
    assert run.target == "nobody"


def test_a_port_that_is_taken(private_net: None) -> None:
    with socket.create_server(("127.0.0.1", PORT)), pytest.raises(WireError, match="is taken by another socket"):
        listen(PORT, ListenOptions(source="127.0.0.1", versions=(4,)))


def test_the_first_client_is_judged_and_others_are_named(veth_pair: Far) -> None:
    told: list[str] = []
    started = threading.Event()

    def tell(sentence: str) -> None:
        told.append(sentence)
        if not started.is_set():
            started.set()
            veth_pair.start(["sh", "-c", CURL.format(host=NEAR[4], port=PORT)])

    with client("python", "127.0.0.1"):
        options = ListenOptions(only=("active-open", "active-close*"), client=FAR[4], deadline=60, tell=tell)
        run = listen(PORT, options)
    assert run.target == FAR[4]
    assert amiss(run) == []
    assert any(f"only {FAR[4]} was judged; connections of 127.0.0.1 were left alone" in w for w in run.warnings)
    assert "waiting for" in told[0]


def test_garbage_and_floods_are_no_fault_of_a_good_client(veth_pair: Far) -> None:
    """Segments of no connection, and SYNs from many addresses' worth of ports of another host."""
    flood = f"""
from scapy.layers.inet import IP, TCP
from scapy.supersocket import L3RawSocket
line = L3RawSocket()
while True:
    for port in range(20000, 20200):
        for flags in ("S", "A", "FPU", "R", "", "SF"):
            line.send(IP(dst="{NEAR[4]}", src="{FAR[4]}") / TCP(sport=port, dport={PORT}, flags=flags))
"""
    veth_pair.start([sys.executable, "-c", flood])
    with client("nc", "127.0.0.1"):
        run = listen(PORT, ListenOptions(client="127.0.0.1", waits=False, deadline=60))
    assert amiss(run) == []


@pytest.mark.parametrize("percent", [5, 20])
def test_lost_segments_never_accuse(veth_pair: Far, percent: int) -> None:
    loss = f"meta l4proto tcp numgen random mod 100 < {percent} drop"
    filtered(veth_pair, f"input {loss}", f"output {loss}")
    veth_pair.start(["sh", "-c", CURL.format(host=f"[{NEAR[6]}]", port=PORT)])
    run = listen(PORT, ListenOptions(waits=False, deadline=40, patience=0.3))
    assert {e for e, w in words(run).items() if w in {Verdict.FAIL, Verdict.WARN}} <= set(DEPARTS)
