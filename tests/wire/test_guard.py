"""Held ports: nobody else gets them, and whoever asks for a taken one is told what to do."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator

import pytest

from probe.wire.errors import WireError
from probe.wire.guard import Guard, PortPool

LOOPBACK = pytest.mark.parametrize("address", ["127.0.0.1", "::1"])


@LOOPBACK
def test_a_held_port_is_not_to_be_had(address: str) -> None:
    with Guard(address) as guard:
        assert guard.port > 0
        with pytest.raises(WireError, match=f"port {guard.port} of {address} is taken by another socket; stop its"):
            Guard(address, guard.port)
    Guard(address, guard.port).close()


@LOOPBACK
def test_a_guarded_listener_answers_no_syn(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with Guard(address) as guard, socket.socket(family) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect((address, guard.port))


@LOOPBACK
def test_where_no_filter_may_be_attached_the_ttl_guards(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr("probe.wire.guard.attach", refuse)
    with PortPool(address) as pool, socket.socket(family) as client:
        port = pool.take()
        assert "TTL of 255" in pool.caveat
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect((address, port))


def test_an_address_of_another_host_cannot_be_held() -> None:
    with pytest.raises(WireError, match=r"192\.0\.2\.1 is not an address of this host; choose"):
        Guard("192.0.2.1")


@LOOPBACK
def test_a_pool_hands_out_fresh_ports_first(address: str) -> None:
    with PortPool(address) as pool:
        first, second = pool.take(), pool.take()
        pool.give(first)
        third = pool.take()
        assert len({first, second, third}) == 3
        assert first in pool, "a port given back stays held"
        assert pool.take(first) == first
        assert len(pool) == 3
    assert len(pool) == 0


@pytest.mark.parametrize("guarded", [True, False])
def test_a_port_to_be_spared_is_not_handed_out(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with PortPool("127.0.0.1", guarded=guarded) as pool, PortPool("127.0.0.1") as other:
        spared, fresh = other.take(), other.take()
        other.close()
        pool.spared.add(spared)
        picks = iter([spared, fresh])
        monkeypatch.setattr(pool, "_open", lambda _: Guard("127.0.0.1", next(picks)))
        assert pool.take() == fresh
        with Guard("127.0.0.1", spared) as guard:
            assert guard.port == spared, "nor held"


def test_only_what_was_handed_out_can_be_given_back() -> None:
    with PortPool("127.0.0.1") as pool, pytest.raises(KeyError):
        pool.give(1)


def test_an_unguarded_pool_only_picks_numbers() -> None:
    with PortPool("127.0.0.1", guarded=False) as pool:
        port = pool.take()
        assert port in pool
        with Guard("127.0.0.1", port) as guard:
            assert guard.port == port


@pytest.fixture
def few_files() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit_on_open_files_is_lifted_when_it_is_hit(few_files: int) -> None:
    with PortPool("127.0.0.1") as pool:
        for _ in range(few_files + 10):
            pool.take()
        assert len(pool) == few_files + 10


def test_without_fresh_ports_the_longest_idle_one_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (3, 3))  # there is nothing left to raise
    with PortPool("127.0.0.1") as pool:
        first, second = pool.take(), pool.take()
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(WireError, match="raise the limit with `ulimit -n`"):
                pool.take()
            pool.give(second)
            pool.give(first)
            assert [pool.take(), pool.take()] == [second, first]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
