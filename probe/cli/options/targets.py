"""TARGET on the command line to endpoints: ``host:port``, ``[v6]:port``, a name with one address of a kind."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from probe.cli.options.common import nearest
from probe.spec.segment import Endpoint
from probe.wire.addresses import canonical
from probe.wire.errors import TargetError

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_FORMS = "write host:port, for example 192.0.2.1:80, [2001:db8::1]:80 or www.example.org:80"


@dataclass(frozen=True, slots=True)
class Peer:
    """One endpoint to check; ``interface`` is the zone of a link-local address (``fe80::1%eth0``), else empty."""

    endpoint: Endpoint
    interface: str = ""


def resolve(text: str, versions: Collection[int] = ()) -> list[Peer]:
    """What a TARGET stands for; ``versions`` (4, 6; empty: either) restricts it. Raises TargetError."""
    host, port = split(text)
    return locate(host, (port,), versions)


def resolve_one(text: str, versions: Collection[int] = (), mend: str = "choose one with -4 or -6") -> Peer:
    """The same where only one peer can be asked; ``mend`` says how to choose. Raises TargetError."""
    first, *others = resolve(text, versions)
    if others:
        both = " and ".join(str(peer.endpoint) for peer in (first, *others))
        raise TargetError(f"{text} has two addresses, {both}: {mend}")
    return first


def locate(host: str, ports: Sequence[int], versions: Collection[int] = ()) -> list[Peer]:
    """The endpoints at these ports of a name or address; all of one IP version before the next. Raises TargetError."""
    wanted = sorted(set(versions) or _FAMILIES)
    if version := literal_version(host):
        address, zone = canonical(host)
        if version not in wanted:
            raise TargetError(f"{address} is an IPv{version} address: leave out -{wanted[0]}")
        return [Peer(Endpoint(address, port), zone) for port in ports]
    found: list[list[str]] = []
    for version in wanted:
        with suppress(socket.gaierror, UnicodeError):
            answers = socket.getaddrinfo(host, None, _FAMILIES[version], socket.SOCK_STREAM)
            found.append(list(dict.fromkeys(str(address[0]) for *_, address in answers)))
    every = [address for addresses in found for address in addresses]
    if not every:
        kinds = " or ".join(f"IPv{version}" for version in wanted)
        raise TargetError(
            f"{host} cannot be found (no {kinds} address): check the spelling, or give the address itself"
        )
    if any(len(addresses) > 1 for addresses in found):
        either = ", or restrict the name with -4 or -6" if any(len(addresses) == 1 for addresses in found) else ""
        raise TargetError(
            f"{host} has several addresses ({', '.join(every)}) and a check judges one peer: give one of them{either}"
        )
    return [Peer(Endpoint(address, port)) for address in every for port in ports]


def split(text: str) -> tuple[str, int]:
    """(host without brackets, port); TargetError says what is wrong with the form."""
    if "://" in text:
        raise TargetError(f"{text!r} is a URL: {_FORMS}")
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not bracketed and (":" in host or text.startswith("[")):
        raise TargetError(f"{text!r} is ambiguous or has no port: {_FORMS}")
    if not colon or not host.strip("[]"):
        raise TargetError(f"{text!r} has no {'host' if colon else 'port'}: {_FORMS}")
    return host[1:-1] if bracketed else host, port_number(port)


def port_number(text: str) -> int:
    """A TCP port by its number, or by the name of its service as /etc/services has it; TargetError for neither."""
    if text.isascii() and text.isdecimal():
        number = text.lstrip("0")
        if number and len(number) <= 5 and int(number) <= 65535:
            return int(number)
        raise TargetError(f"{text!r} is no TCP port: give a number from 1 to 65535")
    known = _services()
    if text in known:
        return known[text]
    near = nearest(text, list(known))
    hint = f"did you mean {' or '.join(near)}?" if near else "give a number from 1 to 65535"
    raise TargetError(f"{text!r} is no TCP port, nor the name of a service: {hint}")


_USUAL = {"echo": 7, "discard": 9, "daytime": 13, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53} | {
    "http": 80, "pop3": 110, "imap": 143, "https": 443, "submission": 587, "imaps": 993, "pop3s": 995, "redis": 6379
}  # fmt: skip
"""A slim container has no /etc/services, and these are what people type."""


def _services() -> dict[str, int]:
    """The services that this machine knows, and the usual ones: name -> TCP port."""
    try:
        lines = Path("/etc/services").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return _USUAL
    words = [line.partition("#")[0].split() for line in lines]
    entries = [entry for entry in words if len(entry) > 1 and entry[1].endswith("/tcp")]
    numbers = {name: entry[1].removesuffix("/tcp") for entry in entries for name in (entry[0], *entry[2:])}
    return _USUAL | {name: int(number) for name, number in numbers.items() if number.isdecimal()}


def literal_version(host: str) -> int:
    """4 or 6 for an address (zone allowed), 0 for a name, which has to be looked up."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).version
    except ValueError:
        return 0
