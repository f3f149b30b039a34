"""Which way to a target: egress interface, source address, and whether the target is this host itself."""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probe.wire.addresses import canonical, family, is_link_local, socket_address, zone_index
from probe.wire.errors import DownError, TargetError, WireError

if TYPE_CHECKING:
    from pyroute2 import IPRoute
    from pyroute2.netlink import nlmsg

_UP = 1  # IFF_UP
_LOOK_AGAIN = 1.0
"""Seconds between looks at the way to a target."""
_RTN_LOCAL, _RTN_BROADCAST, _RTN_ANYCAST, _RTN_MULTICAST = 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Route:
    """How packets to ``remote`` leave: by which interface, from which source address (both without zone).

    ``local``: the target is an address of this host, so the interface is the loopback device. ``mtu`` octets are the
    largest packet that leaves that way.
    """

    remote: str
    source: str
    interface: str
    local: bool
    mtu: int


def find_route(remote: str, *, source: str | None = None, interface: str | None = None) -> Route:
    """The kernel's route to the address ``remote``, through ``interface`` and from ``source`` where these are given.

    Raises TargetError for an address that is not one host's, WireError where the kernel has no way to it or the
    interface is unknown or down.
    """
    from pyroute2 import IPRoute, NetlinkError  # 0.15 s that `--help` must not pay

    address, zone = check_target(remote)
    index = zone_index(interface or zone)
    if is_link_local(address) and not index:
        raise TargetError(f"{address} is link-local; name its interface, as in {address}%eth0, or give --interface")
    wanted: dict[str, Any] = {"family": family(address), "dst": address}
    if index:
        wanted["oif"] = index
    if source:
        wanted["src"] = _insist_on_own(source, address, index)
    with IPRoute() as netlink:
        _insist_on_up(netlink, index)
        try:
            (found,) = netlink.route("get", **wanted)
            return _read(netlink, address, source, found)
        except NetlinkError as error:  # the interface may go between the two questions
            through = f" through {interface or zone}" if index else ""
            raise WireError(
                f"there is no route to {address}{through} ({os.strerror(error.code).lower()});"
                f" `ip route get {address}` shows what the kernel knows"
            ) from error


class RouteWatch:
    """Whether packets to a target still leave as they did. Called often, it looks now and then."""

    def __init__(self, first: Route, *, source: str | None = None, interface: str | None = None) -> None:
        """``first`` is how they leave; ``source`` and ``interface`` as ``find_route`` was told."""
        self._first, self._source, self._interface = first, source, interface
        self._next = time.monotonic() + _LOOK_AGAIN

    def __call__(self) -> None:
        """DownError once they leave another way, or none."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LOOK_AGAIN
        first = self._first
        try:
            now = find_route(first.remote, source=self._source, interface=self._interface)
        except (WireError, TargetError) as error:
            raise DownError(f"the path changed during the run: {error}") from error
        if (now.interface, now.source) != (first.interface, first.source):  # what is known of its MTU may change
            raise DownError(
                f"the path to {first.remote} changed during the run, from {first.interface} ({first.source}) to"
                f" {now.interface} ({now.source}): what was found until then is reported; run once more"
            )


def check_target(remote: str) -> tuple[str, str]:
    """(canonical address, zone) of a target; TargetError where a TCP connection to it makes no sense."""
    address, zone = canonical(remote)
    ip = ipaddress.ip_address(address)
    if ip.is_unspecified:
        raise TargetError(f"{address} means no host in particular; give the address of one, such as 127.0.0.1 or ::1")
    if ip.is_multicast:
        raise TargetError(f"{address} is a multicast address and TCP joins two hosts; give the address of one host")
    if address == "255.255.255.255":
        raise TargetError(_broadcast(address))
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        raise TargetError(f"{address} is an IPv4 address in IPv6 form; write it as {ip.ipv4_mapped}")
    return address, zone


def enslaved() -> frozenset[str]:
    """Names of the interfaces that are ports of a bridge, bond or VRF: their packets are seen again on the master."""
    from pyroute2 import IPRoute

    with IPRoute() as netlink:
        return frozenset(link.get("ifname") for link in netlink.get_links() if link.get("master"))


def _broadcast(address: str) -> str:
    return f"{address} is a broadcast address and TCP joins two hosts; give the address of one host"


def _insist_on_own(source: str, remote: str, index: int) -> str:
    """The source address in canonical form. Asked of bind: routing would only call the network unreachable."""
    address, zone = canonical(source)
    if family(address) != family(remote):
        mine, theirs = (6 if family(one) is socket.AF_INET6 else 4 for one in (address, remote))
        raise TargetError(
            f"the source address {address} is IPv{mine} and the target {remote} is IPv{theirs}: give a source of the"
            f" target's version, or choose one version with -{mine} or -{theirs}"
        )
    scope = zone or str(index)
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(socket_address(f"{address}%{scope}" if is_link_local(address) else address, 0))
        except OSError as error:
            mend = "choose a source address that `ip address` lists"
            raise WireError(f"{address} is not an address of this host; {mend}") from error
    return address


def _insist_on_up(netlink: IPRoute, index: int) -> None:
    from pyroute2 import NetlinkError

    if not index:
        return
    try:
        (link,) = netlink.get_links(index)
    except NetlinkError as error:
        raise WireError(f"there is no interface number {index}; `ip link` lists those there are") from error
    if not link["flags"] & _UP:
        name = link.get("ifname")
        raise WireError(f"interface {name} is down; bring it up with `ip link set {name} up` or choose another")


def _read(netlink: IPRoute, address: str, source: str | None, found: nlmsg) -> Route:
    kind = found["type"]
    if kind == _RTN_BROADCAST:
        raise TargetError(_broadcast(address))
    if kind in (_RTN_MULTICAST, _RTN_ANYCAST):
        raise TargetError(f"{address} is not the address of one host; give the address of one host")
    index = found.get("oif")
    preferred = canonical(source)[0] if source else found.get("prefsrc")
    if index is None or preferred is None:
        raise WireError(f"the route to {address} has no source address; give one with --source")
    (link,) = netlink.get_links(index)
    metrics = found.get("metrics")  # what an ICMP error, or the user, said of the path
    mtu = min(int(link.get("mtu")), int((metrics.get("mtu") if metrics else None) or link.get("mtu")))
    return Route(address, str(preferred), str(link.get("ifname")), kind == _RTN_LOCAL, mtu)
