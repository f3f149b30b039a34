"""A TOML file of lab hosts: `[defaults]` and `[[host]]`, read strictly: a slip is named before anything runs."""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probe.cli.options.targets import port_number
from probe.spec.reaction import PROFILES
from probe.wire.errors import TargetError, WireError

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_PORT_TEXT = "a port is a number from 1 to 65535 or the name of a service"
SETTINGS = ("trigger", "profile", "closed_port", "source", "interface", "patience", "parallel", "rate")
"""Keys that mean what the option of the same name means."""


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


class _WrongError(ValueError):
    """A value is not what its key wants; the text says what is wanted."""


def read(path: str) -> list[Host]:
    """The hosts of the file; TargetError names file, entry and key of the first slip, WireError an unreadable file."""
    document = _document(path)
    if unknown := sorted(set(document) - {"defaults", "host"}):
        raise TargetError(f"{path}: unknown table or key {unknown[0]!r}; there are [defaults] and [[host]]")
    defaults, entries = document.get("defaults", {}), document.get("host", [])
    if not isinstance(defaults, dict):
        raise TargetError(f"{path}: defaults is one table: write [defaults]")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TargetError(f"{path}: host is a list of tables: write [[host]]")
    if not entries:
        raise TargetError(f"{path}: there is no host in it; write [[host]] with address and port")
    shared = _values(f"{path}: [defaults]", defaults, _DEFAULTS)
    hosts = [_host(_entry(path, number, entry), entry, shared) for number, entry in enumerate(entries, 1)]
    _refuse_duplicates(path, hosts)
    return hosts


def _document(path: str) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise WireError(f"cannot read {path} ({why}); name a file of hosts that you may read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: it is no TOML ({str(error)[:1].lower()}{str(error)[1:]})") from error


def _entry(path: str, number: int, entry: dict[str, Any]) -> str:
    """How an entry is called in errors."""
    called = entry.get("name", entry.get("address"))
    return f"{path}: host {number}" + (f" ({called})" if isinstance(called, str) and called else "")


def _host(where: str, entry: dict[str, Any], defaults: dict[str, Any]) -> Host:
    own = _values(where, entry, _KEYS)
    if "address" not in own:
        raise TargetError(f"{where}: address is missing; give a name or an address")
    if {"port", "ports"} & set(own):
        defaults = {key: value for key, value in defaults.items() if key not in ("port", "ports")}
    values = {**defaults, **own}
    if not {"port", "ports"} & set(values):
        raise TargetError(f"{where}: port is missing; give port or ports, here or in [defaults]")
    address, versions = values["address"], values.get("ip", frozenset())
    kind = _literal_version(address)
    if kind and versions and kind not in versions:
        raise TargetError(f"{where}: ip: {address} is an IPv{kind} address; write ip = {kind} or leave it out")
    settings = {key: values[key] for key in SETTINGS if key in values}
    return Host(values.get("name", ""), address, values.get("ports") or (values["port"],), versions, settings)


def _values(where: str, table: dict[str, Any], known: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The table with every value checked."""
    found = {}
    for key, value in table.items():
        if key not in known:
            raise TargetError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
        try:
            found[key] = known[key](value)
        except _WrongError as error:
            raise TargetError(f"{where}: {key}: {_shown(value)} will not do: {error}") from None
    if {"port", "ports"} <= set(found):
        raise TargetError(f"{where}: ports: give either port or ports, not both")
    return found


def _shown(value: Any) -> str:  # noqa: ANN401  # whatever TOML holds
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _refuse_duplicates(path: str, hosts: Iterable[Host]) -> None:
    """Two entries of one name, or of one address and port, are a slip: one of them was meant otherwise."""
    seen: dict[object, int] = {}
    for number, host in enumerate(hosts, 1):
        places = [(_canonical(host.address), port) for port in host.ports]
        for key in ([host.name] if host.name else []) + places:
            what = key if isinstance(key, str) else f"{key[0]} port {key[1]}"
            before = seen.setdefault(key, number)
            if before != number:
                raise TargetError(
                    f"{path}: host {number}: {what} is a duplicate of host {before}; leave one of them out"
                )


def _canonical(address: str) -> str:
    plain, percent, zone = address.partition("%")
    try:
        return f"{ipaddress.ip_address(plain)}{percent}{zone}"
    except ValueError:
        return address.lower().removesuffix(".")


def _literal_version(address: str) -> int:
    """4 or 6 for an address, 0 for a name."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).version
    except ValueError:
        return 0


# -- what each key wants -----------------------------------------------------------------------------------------------


def _text(value: Any) -> str:  # noqa: ANN401  # whatever TOML holds; here and below
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _WrongError("it takes a text")
    return value


def _address(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not _literal_version(text) and not _NAME.fullmatch(text):
        raise _WrongError("write a name or an address without port and brackets, and the port under port")
    return text


def _source(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not _literal_version(text):
        raise _WrongError("it takes an address of this machine")
    return text


def _port(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, str) and not value.isdecimal():
        try:
            return port_number(value)
        except TargetError as error:
            raise _WrongError(str(error)) from None
    if type(value) is not int or not 0 < value <= 65535:
        raise _WrongError(_PORT_TEXT)
    return value


def _ports(value: Any) -> tuple[int, ...]:  # noqa: ANN401
    if not isinstance(value, list) or not value:
        raise _WrongError("it takes a list of ports, as [80, 443]")
    ports = tuple(map(_port, value))
    if len(set(ports)) != len(ports):
        raise _WrongError("a port is in it twice")
    return ports


def _ip(value: Any) -> frozenset[int]:  # noqa: ANN401
    if value == "both":
        return frozenset()
    if type(value) is not int or value not in (4, 6):
        raise _WrongError('it takes 4, 6 or "both"')
    return frozenset({value})


def _profile(value: Any) -> str:  # noqa: ANN401
    if value not in PROFILES:
        raise _WrongError(f"there are {', '.join(PROFILES)}")
    return str(value)


def _trigger(value: Any) -> str:  # noqa: ANN401
    from probe.scenarios.triggers import user_line

    if not isinstance(value, str) or not value:
        raise _WrongError("it takes auto, none, http, target or a line to send")
    try:
        user_line(value)
    except UnicodeError:
        raise _WrongError(r"the backslashes make no sense; \r \n \t \\ and \x41 are understood") from None
    return value


def _patience(value: Any) -> float:  # noqa: ANN401
    return _number(value, 0.01, 3600, "it takes seconds, 0.01 to 3600")


def _rate(value: Any) -> float:  # noqa: ANN401
    return _number(value, 0.01, 100_000, "it takes connections a second, 0.01 to 100000")


def _number(value: Any, low: float, high: float, wanted: str) -> float:  # noqa: ANN401
    if type(value) not in (int, float) or not low <= value <= high:
        raise _WrongError(wanted)
    return float(value)


def _parallel(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int or not 1 <= value <= 1000:
        raise _WrongError("it takes a number from 1 to 1000")
    return value


_DEFAULTS: dict[str, Callable[[Any], Any]] = {
    "port": _port,
    "ports": _ports,
    "ip": _ip,
    "trigger": _trigger,
    "profile": _profile,
    "closed_port": _port,
    "source": _source,
    "interface": _text,
    "patience": _patience,
    "parallel": _parallel,
    "rate": _rate,
}
_KEYS = {"name": _text, "address": _address, **_DEFAULTS}
