"""SEGMENT ARRIVES on any block that can be reached and any segment at all: it always permits some reaction."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from probe.spec import rules
from probe.spec.arrives import arrives
from probe.spec.reaction import PROFILES, permitted
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, FIN, MSS, RST, SYN, TIMESTAMPS, WSCALE, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.fuzz.campaign import Campaign, WrongError
from tests.helpers.blocks import BUILDERS, P, T, stamped

NEAR = (-5000, -1000, -3, -2, -1, 0, 0, 0, 1, 1, 2, 3, 6, 999, 1000, 1001, 4096, 2**20, 2**30, 2**31 - 1, 2**31)
LENGTHS = (0, 0, 0, 1, 2, 10, 999, 1000, 1001, 65535, 1 << 20)
FLAGS = (SYN, ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, 0, FIN, SYN | FIN, SYN | RST)


def _number(rng: Random, base: Seq) -> Seq:
    return base + rng.choice(NEAR) if rng.random() < 0.9 else Seq(rng.getrandbits(32))


def _option(rng: Random) -> Option:
    fault = rng.choice(("", "", "", "length 0", "past the header"))
    kind = rng.choice((MSS, WSCALE, TIMESTAMPS, rng.randrange(256)))
    return Option(kind, rng.randbytes(rng.choice((0, 1, 2, 3, 8, 9))), fault)


def segment(rng: Random) -> Segment:
    """Any flags, options and faults, at, around and far from the numbers that count."""
    flags = rng.choice(FLAGS) if rng.random() < 0.7 else rng.getrandbits(8)
    options = stamped(rng.choice((50, 100, 101, 2**31 + 100))) if rng.random() < 0.2 else ()
    if rng.random() < 0.1:
        options = tuple(_option(rng) for _ in range(rng.randint(1, 4)))
    faults = rng.choice((("checksum",), ("short header",))) if rng.random() < 0.03 else ()
    window = rng.choice((0, 1, 8192, 65535))
    length = rng.choice(LENGTHS)
    return Segment(_number(rng, T), _number(rng, P), flags, window, length, options=options, faults=faults)


def reached(rng: Random) -> Tcb:
    """A block some segments after one of the builders, each taken in any of the permitted ways."""
    block = rng.choice(BUILDERS)()
    if rng.random() < 0.3:
        block = replace(block, rcv_wnd=rng.choice((0, 1, 1000, 1 << 30)))
    if rng.random() < 0.3:
        block = replace(block, timestamps=True, ts_recent=100)
    for _ in range(rng.randint(0, 6)):
        block = rng.choice(arrives(block, segment(rng))).next
        if block.iss is None and block.state is State.SYN_RECEIVED:
            block = replace(block, iss=P, snd_una=P, snd_nxt=P + 1)
    return block


def _case(rng: Random) -> None:
    for _ in range(20):
        block, asked = reached(rng), segment(rng)
        found = arrives(block, asked)
        for profile in PROFILES:
            if not permitted(found, profile):
                raise WrongError(f"nothing is permitted under {profile}", f"{block!r}, {asked!r}")
        for reaction in found:
            if reaction.row not in ROWS or reaction.rule not in rules.ALL:
                raise WrongError(f"unknown row {reaction.row} or rule {reaction.rule}", f"{block!r}, {asked!r}")


CAMPAIGN = Campaign("oracle", "any segment for any block that can be reached, 20 of them a case", _case)
