"""Hypothesis strategies: flows and segments in the form in which decoding returns them."""

from __future__ import annotations

import socket

from hypothesis import strategies as st

from probe.spec.segment import EOL, MSS, NOP, SACK, SACK_PERMITTED, TIMESTAMPS, WSCALE, Endpoint, Flow, Option, Segment
from probe.spec.seq import Seq

PORTS = st.integers(0, 65535)
WORDS = st.integers(0, 65535)
NUMBERS = st.integers(0, 2**32 - 1).map(Seq)
KNOWN_SIZES = {MSS: 2, WSCALE: 1, SACK_PERMITTED: 0, SACK: 8, TIMESTAMPS: 8}
OTHER_KINDS = st.integers(2, 255).filter(lambda kind: kind not in KNOWN_SIZES)


def _flow(family: socket.AddressFamily, size: int) -> st.SearchStrategy[Flow]:
    addresses = st.binary(min_size=size, max_size=size).map(lambda data: socket.inet_ntop(family, data))
    ends = st.builds(Endpoint, addresses, PORTS)
    return st.builds(Flow, ends, ends)


FLOWS = st.one_of(_flow(socket.AF_INET, 4), _flow(socket.AF_INET6, 16))


@st.composite
def known_options(draw: st.DrawFn) -> Option:
    kind = draw(st.sampled_from(sorted(KNOWN_SIZES)))
    size = KNOWN_SIZES[kind]
    return Option(kind, draw(st.binary(min_size=size, max_size=size)))


WELL_FORMED = st.one_of(st.just(Option(NOP)), known_options(), st.builds(Option, OTHER_KINDS, st.binary(max_size=10)))
WRONG_LENGTH = st.builds(lambda data: Option(MSS, data, f"length {len(data) + 2}"), st.binary(min_size=3, max_size=6))


def size_of(option: Option) -> int:
    return 1 if option.kind in (EOL, NOP) else 2 + len(option.data)


@st.composite
def option_lists(draw: st.DrawFn, bodies: st.SearchStrategy[Option] = WELL_FORMED) -> tuple[Option, ...]:
    """Whole words: odd sizes end with EOL, whose zero padding goes without saying, or in an unreadable option."""
    options: list[Option] = []
    room = 36
    for option in draw(st.lists(bodies, max_size=6)):
        if size_of(option) <= room:
            options.append(option)
            room -= size_of(option)
    missing = (room + 4) % 4  # 36 is whole words, so the rest tells what is missing to the next
    if missing and draw(st.booleans()):
        options.append(Option(EOL))
    else:
        options += draw(_unreadable(missing))
    return tuple(options)


@st.composite
def _unreadable(draw: st.DrawFn, missing: int) -> list[Option]:
    """What ends the parse and fills the word: nothing where nothing is missing, or a fault, or octets after EOL."""
    if missing == 0 and draw(st.booleans()):
        return []
    if missing == 1 and draw(st.booleans()):
        return [Option(draw(st.integers(2, 255)), b"", "no length")]
    size = missing or 4
    if size >= 2:
        fault = draw(st.sampled_from(["length 0", "length 1", "past the header"]))
        return [Option(draw(st.integers(2, 255)), draw(st.binary(min_size=size - 2, max_size=size - 2)), fault)]
    return [Option(EOL)]


@st.composite
def segments(draw: st.DrawFn, options: st.SearchStrategy[tuple[Option, ...]] | None = None) -> Segment:
    payload = draw(st.binary(max_size=600))
    return Segment(
        draw(NUMBERS),
        draw(NUMBERS),
        draw(st.integers(0, 255)),
        draw(WORDS),
        len(payload),
        payload,
        draw(options if options is not None else option_lists(st.one_of(WELL_FORMED, WRONG_LENGTH))),
        draw(WORDS),
        draw(st.integers(0, 15)),
        draw(st.sampled_from([(), ("checksum",)])),
    )
