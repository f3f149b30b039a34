"""Addresses as text: canonical form, zone, and the socket addresses made of them."""

from __future__ import annotations

import ipaddress
import socket

from probe.wire.errors import TargetError, WireError

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


def family(address: str) -> socket.AddressFamily:
    """AF_INET6 for an address with a colon, else AF_INET."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def canonical(address: str) -> tuple[str, str]:
    """(address without zone as inet_ntop writes it, zone or ""); TargetError where it is no address."""
    plain, _, zone = address.partition("%")
    try:
        # inet_ntop's form, not ipaddress's: they differ for ::0.1.0.0, and decoding uses this one.
        return socket.inet_ntop(family(plain), socket.inet_pton(family(plain), plain)), zone
    except OSError as error:
        raise TargetError(f"{address!r} is no IPv4 or IPv6 address; give one like 192.0.2.1 or 2001:db8::1") from error


def is_link_local(address: str) -> bool:
    """Whether the address is an IPv6 one that means something only together with an interface."""
    return ":" in address and ipaddress.ip_address(address).is_link_local


def zone_suffix(address: str, interface: str | None) -> str:
    """``%interface``, without which sockets do not take a link-local address; else nothing."""
    return f"%{interface}" if interface and is_link_local(address) else ""


def zone_index(zone: str) -> int:
    """The interface index a zone names, by name or number; 0 for none. WireError where there is no such interface."""
    if not zone:
        return 0
    if zone.isdigit():
        return int(zone)
    try:
        return socket.if_nametoindex(zone)
    except OSError as error:
        raise WireError(f"there is no interface {zone!r}; `ip link` lists those there are") from error


def socket_address(address: str, port: int) -> SocketAddress:
    """What bind, connect and sendto take for an address in canonical form, zone allowed."""
    plain, _, zone = address.partition("%")
    if family(plain) == socket.AF_INET:
        return plain, port
    return plain, port, 0, zone_index(zone)
