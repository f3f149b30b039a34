"""TARGET to endpoints: forms, names, and one sentence for what cannot be meant."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from probe.cli.options.targets import Peer, resolve
from probe.spec.segment import Endpoint
from probe.wire.errors import TargetError

Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Make every name resolve to these addresses."""

    def resolve_to(*addresses: str) -> None:
        def getaddrinfo(host: str, port: object, family: int, kind: int) -> list[tuple[object, ...]]:
            del host, port
            found = [a for a in addresses if (socket.AF_INET6 if ":" in a else socket.AF_INET) == family]
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return [(family, kind, 6, "", (a, 0)) for a in found * 2]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolve_to


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("192.0.2.1:80", Peer(Endpoint("192.0.2.1", 80))),
        ("[2001:DB8::1]:443", Peer(Endpoint("2001:db8::1", 443))),
        ("192.0.2.1:http", Peer(Endpoint("192.0.2.1", 80))),
        ("[fe80::1%eth0]:22", Peer(Endpoint("fe80::1", 22), "eth0")),
    ],
)
def test_literal_addresses(text: str, peer: Peer) -> None:
    assert resolve(text) == [peer]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("192.0.2.1", "no port"),
        ("host", "no port"),
        (":80", "no host"),
        ("[]:80", "no host"),
        ("2001:db8::1:80", "ambiguous"),
        ("[2001:db8::1]", "no port"),
        ("host:0", "no TCP port"),
        ("host:65536", "no TCP port"),
        ("host:htttp", "no TCP port, nor the name of a service: did you mean http"),
        ("host:" + "9" * 5000, "no TCP port"),
        ("host:\0", "no TCP port"),
        ("host:-1", "no TCP port"),
        ("http://host:80/", "URL"),
        ("", "no port"),
    ],
)
def test_what_is_no_target_is_explained(text: str, problem: str) -> None:
    with pytest.raises(TargetError, match=problem) as raised:
        resolve(text)
    assert "\n" not in str(raised.value)


def test_a_name_with_one_address_of_each_kind_gives_both(names: Names) -> None:
    names("127.0.0.1", "::1")
    assert [a.endpoint.address for a in resolve("localhost:80")] == ["127.0.0.1", "::1"]
    assert [a.endpoint.address for a in resolve("localhost:80", {6})] == ["::1"]


def test_a_name_with_several_addresses_is_refused_and_they_are_listed(names: Names) -> None:
    names("192.0.2.1", "192.0.2.2", "2001:db8::1")
    with pytest.raises(TargetError, match=r"192\.0\.2\.1, 192\.0\.2\.2, 2001:db8::1.*-4 or -6"):
        resolve("many:80")
    assert [a.endpoint.address for a in resolve("many:80", {6})] == ["2001:db8::1"]


def test_an_unknown_name_is_said_to_be_unknown(names: Names) -> None:
    names()
    with pytest.raises(TargetError, match="nowhere cannot be found"):
        resolve("nowhere:80")


def test_a_name_without_address_of_the_wanted_kind(names: Names) -> None:
    names("192.0.2.1")
    with pytest.raises(TargetError, match="no IPv6 address"):
        resolve("four:80", {6})


def test_an_address_of_the_other_kind_than_asked_for() -> None:
    with pytest.raises(TargetError, match="leave out -6"):
        resolve("192.0.2.1:80", {6})
