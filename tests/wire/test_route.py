"""Routes on loopback, and targets and interfaces that make no sense."""

from __future__ import annotations

import pytest

from probe.wire.errors import TargetError, WireError
from probe.wire.route import check_target, find_route


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_is_local(address: str) -> None:
    route = find_route(address)
    assert (route.remote, route.interface, route.local) == (address, "lo", True)


def test_the_source_given_is_the_source_used() -> None:
    assert find_route("127.0.0.1", source="127.0.0.9").source == "127.0.0.9"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "no host in particular"),
        ("::", "no host in particular"),
        ("224.0.0.1", "is a multicast address"),
        ("ff02::1", "is a multicast address"),
        ("255.255.255.255", "is a broadcast address"),
        ("127.255.255.255", "is a broadcast address"),
        ("::ffff:192.0.2.1", r"write it as 192\.0\.2\.1"),
        ("fe80::1", "name its interface, as in fe80::1%eth0"),
        ("localhost", "'localhost' is no IPv4 or IPv6 address"),
        ("127.0.0.256", "is no IPv4 or IPv6 address"),
    ],
)
def test_targets_that_are_no_host_are_refused(address: str, why: str) -> None:
    with pytest.raises(TargetError, match=why):
        find_route(address)


def test_targets_are_brought_into_one_form() -> None:
    assert check_target("2001:DB8:0::1") == ("2001:db8::1", "")
    assert check_target("fe80::1%lo") == ("fe80::1", "lo")


def test_an_unknown_interface_is_named() -> None:
    with pytest.raises(WireError, match="there is no interface 'nosuch0'; `ip link` lists"):
        find_route("127.0.0.1", interface="nosuch0")
    with pytest.raises(WireError, match="there is no interface number 99999"):
        find_route("fe80::1%99999")


@pytest.mark.parametrize(("remote", "source"), [("127.0.0.1", "::1"), ("::1", "127.0.0.1")])
def test_a_source_of_the_other_version_is_refused(remote: str, source: str) -> None:
    with pytest.raises(TargetError, match=f"{source} is IPv.*: give a source of the target's version"):
        find_route(remote, source=source)


def test_a_source_that_is_not_ours_is_named() -> None:
    with pytest.raises(WireError, match=r"192\.0\.2\.1 is not an address of this host"):
        find_route("127.0.0.1", source="192.0.2.1")
