"""A TOML file of lab hosts: `[defaults]` and `[[host]]`, read strictly."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from probe.cli.options.common import WRONG_BACKSLASHES, is_trigger, nearest, unknown
from probe.cli.options.files import Check, Table, WrongError, document, tables, that, values
from probe.cli.options.targets import literal_version, port_number
from probe.spec.reaction import PROFILES
from probe.wire.errors import TargetError

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_PORTS = frozenset({"port", "ports"})
# Keys that mean what the option of the same name means
_SETTINGS = (
    "trigger",
    "profile",
    "closed_port",
    "source",
    "interface",
    "patience",
    "parallel",
    "rate",
    "skip",
    "revive",
)


@dataclass(frozen=True, slots=True)
class Host:
    """One host: where it is (a name or an address, zone allowed), its ports, and what its checks are told.

    ``versions`` (4, 6) restricts it, empty: whatever it has. ``name`` is empty where the user gave none.
    """

    name: str
    address: str
    ports: tuple[int, ...]
    versions: frozenset[int] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)


def read(path: str) -> list[Host]:
    """The hosts of the file; TargetError names file, entry and key of the first slip, WireError an unreadable file."""
    found = document(path, "hosts", ("defaults", "host"))
    defaults, entries = found.get("defaults", {}), tables(path, found, "host")
    if not isinstance(defaults, dict):
        raise TargetError(f"{path}: defaults is one table: write [defaults]")
    if not entries:
        raise TargetError(f"{path}: there is no host in it; write [[host]] with address and port")
    shared, hosts = values(f"{path}: [defaults]", defaults, _DEFAULTS), list[Host]()
    for number, entry in enumerate(entries, 1):
        called = entry.get("name", entry.get("address"))
        where = f"{path}: host {number}" + (f" ({called})" if isinstance(called, str) and called else "")
        hosts.append(_host(where, values(where, entry, _KEYS), shared))
    # Two entries of one name, or of one address and port, are a slip: one of them was meant otherwise.
    seen: dict[str, int] = {}
    for number, host in enumerate(hosts, 1):
        address = host.address.lower().removesuffix(".")
        if literal_version(host.address):
            plain, percent, zone = host.address.partition("%")
            address = f"{ipaddress.ip_address(plain)}{percent}{zone}"
        for what in [host.name] * bool(host.name) + [f"{address} port {port}" for port in host.ports]:
            if (before := seen.setdefault(what, number)) != number:
                problem = f"{what} is a duplicate of host {before}; leave one of them out"
                raise TargetError(f"{path}: host {number}: {problem}")
    return hosts


def _host(where: str, own: Table, defaults: Table) -> Host:
    if "address" not in own:
        raise TargetError(f"{where}: address is missing; give a name or an address")
    if _PORTS & set(own):
        defaults = {key: value for key, value in defaults.items() if key not in _PORTS}
    every = {**defaults, **own}
    if not _PORTS & set(every):
        raise TargetError(f"{where}: port is missing; give port or ports, here or in [defaults]")
    if every.keys() >= _PORTS:
        raise TargetError(f"{where}: ports: give either port or ports, not both")
    address, versions = every["address"], frozenset({every.get("ip", "both")} - {"both"})
    kind = literal_version(address)
    if kind and versions and kind not in versions:
        raise TargetError(f"{where}: ip: {address} is an IPv{kind} address; write ip = {kind} or leave it out")
    settings = {key: every[key] for key in _SETTINGS if key in every}
    return Host(every.get("name", ""), address, every.get("ports") or (every["port"],), versions, settings)


# -- what each key wants -----------------------------------------------------------------------------------------------


def _within(kinds: tuple[type, ...], low: float, high: float, wanted: str) -> Check:
    """A check of a number; `nan` lies in no range, and a truth value is no number."""
    return that(lambda value: type(value) in kinds and low <= value <= high, wanted)


_text = that(lambda v: isinstance(v, str) and bool(v.strip()) and v.isprintable(), "it takes a text")
_line = that(lambda v: isinstance(v, str) and bool(v), "it takes auto, none, http, target or a line to send")
_address = that(
    lambda v: bool(literal_version(_text(v)) or _NAME.fullmatch(v)),
    "write a name or an address without port and brackets, and the port under port",
)
_number = _within((int,), 1, 65535, "a port is a number from 1 to 65535 or the name of a service")


def _port(value: Any) -> int:  # noqa: ANN401
    if not isinstance(value, str) or value.isdecimal():
        return int(_number(value))
    try:
        return port_number(value)
    except TargetError as error:
        raise WrongError(str(error)) from None


def _ports(value: Any) -> tuple[int, ...]:  # noqa: ANN401
    if not isinstance(value, list) or not value:
        raise WrongError("it takes a list of ports, as [80, 443]")
    ports = tuple(map(_port, value))
    if len(set(ports)) != len(ports):
        raise WrongError("a port is in it twice")
    return ports


def _skip(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    from probe.scenarios import ALL

    patterns = value if isinstance(value, list) else [value]
    for pattern in patterns:
        if not isinstance(pattern, str) or not any(fnmatchcase(name, pattern) for name in ALL):
            raise WrongError(unknown("exchange", str(pattern), nearest(str(pattern), ALL)))
    return tuple(patterns)


_DEFAULTS: dict[str, Check] = {
    "port": _port,
    "ports": _ports,
    "ip": that(lambda v: v == "both" or (type(v) is int and v in (4, 6)), 'it takes 4, 6 or "both"'),
    "trigger": that(lambda v: is_trigger(_line(v)), WRONG_BACKSLASHES),
    "profile": that(PROFILES.__contains__, f"there are {', '.join(PROFILES)}"),
    "closed_port": _port,
    "source": that(lambda v: bool(literal_version(_text(v))), "it takes an address of this machine"),
    "interface": _text,
    "patience": _within((int, float), 0.01, 3600, "it takes seconds, 0.01 to 3600"),
    "parallel": _within((int,), 1, 1000, "it takes a number from 1 to 1000"),
    "skip": _skip,
    "revive": _text,
    "rate": _within((int, float), 0.01, 100_000, "it takes connections a second, 0.01 to 100000"),
}
_KEYS = {"name": _text, "address": _address, **_DEFAULTS}
