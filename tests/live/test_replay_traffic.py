"""Replay of what real kernels and programs send: no finding, and the outcomes that logs and kernel counters tell."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Connection
from probe.wire.namespace import pdeathsig
from tests.captures.stage import abort, fetch, pause, tcpdump
from tests.live import odd
from tests.live.far import Far
from tests.live.test_check import filtered, free_port

VISITS = 100
AT_ONCE = 50
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_NGINX = """
pid {dir}/pid; error_log /dev/null; daemon off; worker_processes 1; user root;
events {{ worker_connections 512; }}
http {{ log_format ports '$remote_port $connection_requests'; access_log {dir}/log ports;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; listen [::1]:{port}; location / {{ return 200 "hello\\n"; }} }} }}
"""


@pytest.fixture(autouse=True)
def programs() -> None:
    for name in ("tcpdump", "nginx"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def replayed(path: Path) -> tuple[Connection, ...]:
    found = replay(ReplayOptions((str(path),), workers=1))
    assert not found.faults
    assert not found.skipped
    return found.listed


@pytest.mark.timeout(240)
@pytest.mark.parametrize("loss", [0, 3])
def test_no_kernel_is_accused_whatever_applications_do(veth_pair: Far, tmp_path: Path, loss: int) -> None:
    """IPv4 and IPv6 between two namespaces, super-segments and closed windows, some packets lost on the way."""
    server = veth_pair.start([sys.executable, "-m", "tests.live.odd"])
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    if loss:
        drop = f"meta l4proto tcp numgen random mod 100 < {loss} drop"
        filtered(veth_pair, f"input {drop}", f"output {drop}")
    calls = [(veth_pair.far[version], number) for number in range(VISITS) for version in (4, 6)]
    path = tmp_path / "odd.pcap"
    with tcpdump(path, "tcp", interface=veth_pair.interface), ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(lambda call: odd.visit(*call), calls))
    found = replayed(path)
    assert [(c.index, c.findings) for c in found if c.findings] == []
    assert len(found) == len(calls)
    refused = sum(odd.is_refused(number) for _, number in calls)
    assert loss or Counter(c.handshake for c in found) == {"refused": refused, "followed": len(calls) - refused}


# -- what programs and kernels say -------------------------------------------------------------------------------------


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[Path]:
    """A server on both loopback addresses that logs the client's port of each request."""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(dir=folder, port=port), encoding="utf-8")
    command = ["nginx", "-c", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=pdeathsig) as running:  # noqa: PLW1509
        try:
            _listens(port)
            yield folder / "log"
        finally:
            running.terminate()


def _listens(port: int) -> None:
    """Wait until it does, by trying."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause(0.05)
    raise AssertionError("nginx does not listen")


def counters() -> Counter[str]:
    """What this namespace's kernel counted of TCP over both IP versions (RFC 4022)."""
    lines = Path("/proc/thread-self/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Tcp:"))
    return Counter(dict(zip(names, map(int, values), strict=True)))


def keep_alive(address: str, port: int, requests: int) -> int:
    """So many requests on one connection, which the client closes; its port."""
    web = http.client.HTTPConnection(address, port, timeout=20)
    web.connect()
    ours: int = web.sock.getsockname()[1]
    for _ in range(requests):
        web.request("GET", "/")
        web.getresponse().read()
    web.close()
    return ours


def one_page(address: str, port: int, *, aborted: bool = False) -> int:
    """One HTTP/1.0 request; the server closes, or the client aborts before it asked. The client's port."""
    with socket.create_connection((address, port), 20) as web:
        ours: int = web.getsockname()[1]
        if aborted:
            abort(web)
        else:
            web.sendall(REQUEST)
            fetch(web)
    return ours


def unserved(address: str, port: int) -> int:
    """A connection that nobody takes; the client's port."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as caller:
        caller.bind((address, 0))
        assert caller.connect_ex((address, port))
        return int(caller.getsockname()[1])


def test_outcomes_are_what_programs_and_kernel_say(private_net: None, tmp_path: Path) -> None:
    port, closed = free_port(), free_port()
    expected: dict[tuple[str, int], str] = {}
    requests: Counter[int] = Counter()
    with nginx(tmp_path, port) as log:
        before = counters()
        with tcpdump(tmp_path / "web.pcap", f"tcp port {port} or tcp port {closed}"):
            for turn, address in enumerate(LOOPBACK.values()):
                for number in range(10):
                    ours = keep_alive(address, port, 1 + number % 3)
                    expected[address, ours] = "client closes first"
                    requests[ours] += 1 + number % 3
                    ours = one_page(address, port)
                    expected[address, ours] = "server closes first"
                    requests[ours] += 1
                    expected[address, one_page(address, port, aborted=True)] = "reset by client"
                    if number % 2 == turn:
                        expected[address, unserved(address, closed)] = "refused"
        counted = counters() - before
        logged = Counter(int(line.split()[0]) for line in log.read_text(encoding="ascii").splitlines())
    found = replayed(tmp_path / "web.pcap")
    assert {(c.client.address, c.client.port): _outcome(c) for c in found} == expected
    assert [c.findings for c in found if c.findings] == []
    assert logged == requests
    told = Counter(expected.values())
    assert counted["ActiveOpens"] == len(found)
    assert counted["PassiveOpens"] == sum(c.handshake == "followed" for c in found)
    assert counted["AttemptFails"] == told["refused"]
    assert counted["EstabResets"] == 2 * told["reset by client"]  # each end counts it


def _outcome(found: Connection) -> str:
    """In the words of the test: who closed first, by who went through FIN-WAIT-1."""
    if found.handshake != "followed":
        return found.handshake
    if found.close not in ("four-way", "three-segment"):
        return found.close
    ends = (("client", found.client_states), ("server", found.server_states))
    first = [side for side, steps in ends if any(step.state == "FIN-WAIT-1" for step in steps)]
    return f"{' and '.join(first)} closes first"
