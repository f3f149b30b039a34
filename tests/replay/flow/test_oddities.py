"""What is strange in a connection is told, each by its own clause, and ordinary traffic has none of it."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from probe.replay.flow.oddities import oddities, oddities_in_full
from probe.results.connection import IN_FULL, ODDITIES, Oddity, Packet
from probe.spec.segment import TIMESTAMPS, WSCALE, Option
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1"
DATA = f"{OPEN}, > P. 1 1 10, < . 1 11"
CLOSED = f"{DATA}, > F. 11 1, < F. 1 12, > . 12 2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("> S 0, < S. 0 1, < P. 1 1 30, > . 1 1", [(Oddity.EARLY_TEXT, 3)]),
        ("> S 0 0 10, < S. 0 11, < P. 1 11 30, > . 11 31", [(Oddity.EARLY_TEXT, 3)]),  # a Fast Open is one
        ("> S 0, < S. 0 1, > P. 1 1 5, < P. 1 6 30", []),
        ("> S 0, < S. 0 1, > . 1 31, < P. 1 1 30", []),  # recorded in another order
        (f"{DATA}, < R 1, < P. 1 11 30, > . 11 31", [(Oddity.GOES_ON_AFTER_RST, 6)]),
        (f"{DATA}, < R 500, < P. 1 11 30, > . 11 31", [(Oddity.GOES_ON_AFTER_RST, 6)]),
        (f"{DATA}, > R 11, > P. 11 1 7", [(Oddity.GOES_ON_AFTER_RST, 6)]),
        (f"{DATA}, < R 31, < P. 1 11 30", []),  # overtaken by the RST
        (f"{DATA}, < R. 1 11, < . 1 11", []),
        (f"{DATA}, < P. 1 11 30, < R. 31 11, < R 31", []),
        ("> S 0, < R. 0 1, > S 0, < S. 0 1, > . 1 1", []),  # refused, then not
        (CLOSED, []),
    ],
)
def test_what_order_and_numbers_show(text: str, found: list[tuple[Oddity, int]]) -> None:
    assert [(kind, place + 1) for kind, place in oddities(talk(text))] == found
    assert [(kind, place + 1) for kind, place in oddities_in_full(talk(text)) if kind not in IN_FULL] == found


def stamped(text: str, *clocks: int) -> list[Packet]:
    """The packets with these TSvals."""
    return [
        replace(
            p,
            segment=replace(p.segment, options=(Option(TIMESTAMPS, struct.pack("!II", clock % 2**32, 0)),)),
        )
        for p, clock in zip(talk(text), clocks, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "clocks", "odd"),
    [
        (f"{DATA}, > P. 11 1 5", (100, 7, 101, 102, 8, 90), 6),
        (f"{DATA}, > P. 11 1 5", (-2, 7, -1, 0, 8, 1), None),  # the clock wraps
        (f"{DATA}, > P. 11 1 5", (100, 7, 101, 102, 8, 102), None),
        (f"{DATA}, > P. 1 1 10", (100, 7, 101, 102, 8, 90), None),  # a copy that came late
    ],
)
def test_clocks(text: str, clocks: tuple[int, ...], odd: int | None) -> None:
    found = [place + 1 for kind, place in oddities_in_full(stamped(text, *clocks)) if kind is Oddity.OLD_TIMESTAMP]
    assert found == ([odd] if odd else [])


def written(text: str, *payloads: bytes) -> list[Packet]:
    """The packets, those with text bearing these octets."""
    given = iter(payloads)
    return [replace(p, segment=replace(p.segment, payload=next(given))) if p.segment.length else p for p in talk(text)]


@pytest.mark.parametrize(
    ("text", "payloads", "odd"),
    [
        (f"{OPEN}, > P. 1 1 4, > P. 1 1 4", (b"abcd", b"abcd"), None),
        (f"{OPEN}, > P. 1 1 4, > P. 1 1 4", (b"abcd", b"abXd"), 5),
        (f"{OPEN}, > P. 1 1 4, > P. 5 1 4, > P. 3 1 4", (b"abcd", b"efgh", b"cdef"), None),
        (f"{OPEN}, > P. 1 1 4, > P. 5 1 4, > P. 3 1 4", (b"abcd", b"efgh", b"cdXf"), 6),
        (f"{OPEN}, > P. 1 1 4, > . 4 1 1", (b"abcd", b"\0"), None),  # a keep-alive with an octet
        (f"{OPEN}, > P. 1 1 4, > P. 1 1 4", (b"abcd", b"ab"), None),  # cut frames
    ],
)
def test_text(text: str, payloads: tuple[bytes, ...], odd: int | None) -> None:
    assert [place + 1 for _, place in oddities_in_full(written(text, *payloads))] == ([odd] if odd else [])


def test_windows() -> None:
    shrinks = f"{DATA}, < . 1 11 0 w5000, < . 1 11 0 w4000"
    assert oddities_in_full(talk(shrinks)) == ((Oddity.WINDOW_SHRINKS, 6),)
    assert not oddities_in_full(talk(f"{DATA}, < . 1 11 0 w5000, > P. 11 1 100, < . 1 111 0 w4900"))
    assert not oddities_in_full(talk("> . 1 1 0 w9000, < . 1 1 0 w5000, < . 1 1 0 w10"))  # the scale is not known
    scaled = [
        replace(p, segment=replace(p.segment, options=(Option(WSCALE, b"\x07"),))) if "S" in str(p.segment) else p
        for p in talk(f"{DATA}, > P. 11 1 100, < . 1 111 0 w999")
    ]
    assert not oddities_in_full(scaled)  # 28 octets are lost by rounding


def test_each_is_described() -> None:
    assert set(ODDITIES) == set(Oddity) >= IN_FULL
    assert all(clause.startswith("RFC ") for _, clause in ODDITIES.values())
