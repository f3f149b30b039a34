"""A JSON object whose fields are asked for by type, so that a damaged one is noticed where it is read."""

from __future__ import annotations

import ipaddress
import json
import math
from typing import Any

from probe.spec.segment import Endpoint
from probe.spec.seq import HALF, Seq

_NAMES = {str: "a text", int: "a number", float: "a time", bool: "true or false", list: "a list", dict: "an object"}


class DamagedError(ValueError):
    """A field is missing or is not what it should be; the text names it."""


class JsonObject:
    """One object. Every method raises DamagedError where the field does not hold what is asked for."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    @classmethod
    def parsed(cls, text: str) -> JsonObject:
        """The object that a JSON text holds."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DamagedError("it is no JSON") from error
        return cls(_is(found, dict, "it"))

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return name in self._fields

    def text(self, name: str) -> str:
        """A text."""
        return str(self._field(name, str))

    def flag(self, name: str) -> bool:
        """True or false."""
        return bool(self._field(name, bool))

    def count(self, name: str) -> int:
        """A number from 0 on."""
        return int(self._field(name, int))

    def count_or_none(self, name: str) -> int | None:
        """A number from 0 on, or null."""
        return None if self._fields.get(name, 0) is None else self.count(name)

    def number(self, name: str) -> Seq:
        """A sequence number."""
        return Seq(self._field(name, int, most=2 * HALF))

    def seconds(self, name: str) -> float:
        """A finite number of seconds."""
        return float(self._field(name, float))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(_is(item, str, name) for item in self._field(name, list))

    def rows(self, name: str, *kinds: type) -> list[tuple[Any, ...]]:
        """A list of rows with a value of each kind; of single values where there is but one kind."""
        return [_row(row if len(kinds) > 1 else [row], kinds, name) for row in self._field(name, list)]

    def inner(self, name: str) -> JsonObject | None:
        """An object in it, or None where there is none."""
        return JsonObject(self._field(name, dict)) if self.has(name) else None

    def endpoint(self, name: str) -> Endpoint:
        """A row of address and port."""
        return endpoint(self._field(name, list), name)

    def _field(self, name: str, kind: type, most: int = HALF) -> Any:  # noqa: ANN401  # JSON; the kind is checked
        if name not in self._fields:
            raise DamagedError(f"{name} is missing")
        return _is(self._fields[name], kind, name, most)


def endpoint(row: object, name: str) -> Endpoint:
    """The endpoint that a row of address and port stands for; DamagedError where it does not."""
    address, port = _row(row, (str, int), name)
    try:
        return Endpoint(str(ipaddress.ip_address(address)), port)
    except ValueError as error:
        raise DamagedError(f"{name} holds no address") from error


def _row(row: object, kinds: tuple[type, ...], name: str) -> tuple[Any, ...]:
    values = _is(row, list, name)
    if len(values) != len(kinds):
        raise DamagedError(f"{name} has a row of {len(values)} instead of {len(kinds)}")
    return tuple(_is(value, kind, name) for value, kind in zip(values, kinds, strict=True))


def _is(value: object, kind: type, name: str, most: int = HALF) -> Any:  # noqa: ANN401  # JSON; the kind is checked
    """The value if it is of the kind; times may be whole, indices are never negative and stay below ``most``."""
    if kind is float and type(value) in (int, float):
        seconds = float(value) if abs(value) < 1e12 else math.nan  # type: ignore[arg-type]
        if math.isfinite(seconds):
            return seconds
    elif kind is int and type(value) is int:
        if 0 <= value < most:
            return value
        raise DamagedError(f"{name} holds a number that cannot be")
    elif type(value) is kind and kind is not float:
        return value
    raise DamagedError(f"{name} holds something else than {_NAMES[kind]}")
