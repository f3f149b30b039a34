"""The target beyond loopback: another machine's worth of network in between, and one without IPv6."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys

import pytest

from probe.spec.segment import Endpoint
from probe.target.connection import PATTERN
from probe.target.verbs import GREETING
from tests.live.far import Far
from tests.target.client import PATIENCE, Client


@pytest.fixture(params=[4, 6])
def version(request: pytest.FixtureRequest) -> int:
    """IP version."""
    return int(request.param)


def test_the_lab_target_answers(target: dict[int, Endpoint], version: int) -> None:
    where = target[version]
    with Client((where.address, where.port), b"PROBE hello; close\n") as client:
        assert client.rest() == GREETING


def test_over_a_veth_pair(veth_pair: Far, version: int) -> None:
    where = veth_pair.start_target()[version]
    with Client((where.address, where.port), b"PROBE send 100000; close\n") as client:
        assert client.rest() == (PATTERN * 2)[:100_000]


def test_connecting_back_over_a_veth_pair(veth_pair: Far, version: int) -> None:
    where = veth_pair.start_target()[version]
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    with socket.create_server((veth_pair.near[version], 0), family=family) as server:
        server.settimeout(PATIENCE)
        line = f"PROBE connect {veth_pair.near[version]} {server.getsockname()[1]} close\n"
        with Client((where.address, where.port), line.encode()):
            taken, peer = server.accept()
            with taken:
                assert (taken.recv(1), peer[0]) == (b"", where.address)


def test_two_thousand_over_a_veth_pair(veth_pair: Far, version: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    where = veth_pair.start_target()[version]
    clients = [Client((where.address, where.port), b"PROBE hello\n") for _ in range(2000)]
    assert all(client.read(len(GREETING)) == GREETING for client in clients)
    for client in clients:
        client.finish()
    assert all(client.rest() == b"" for client in clients)
    for client in clients:
        client.sock.close()


def test_without_ipv6_it_serves_ipv4_and_says_so() -> None:
    script = (
        "from probe.wire.namespace import enter_private; enter_private();"
        "from pathlib import Path; Path('/proc/sys/net/ipv6/conf/all/disable_ipv6').write_text('1');"
        "from probe.target.__main__ import main; import sys; sys.exit(main(['--lifeline']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input="", capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("listening on 127.0.0.1:")
    assert done.stdout.count("\n") == 1
    assert done.stderr.startswith("probe target: not listening on ::1: ")
