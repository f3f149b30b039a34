"""Streams and completeness are what tshark says: named cases, and thousands of random connections."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

import pytest

from probe.replay.views.wireshark import Numbers, after, completeness, starts_new
from probe.spec.segment import ACK, Segment, parse_flags
from probe.spec.seq import Seq
from tests.capture.streams import Script, flow_number, our_streams, tshark_streams, write
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1"
CASES = {
    "three-way": (OPEN, [7]),
    "whole": (f"{OPEN}, > P. 1 1 20, < . 1 21, > F. 21 1, < F. 1 22, > . 22 2", [31]),
    "SYN alone": ("> S 0", [1]),
    "SYN and again": ("> S 0, > S 0", [1]),
    "Fast Open": ("> S 0 0 5, < S. 0 6", [11]),
    "SYN,ACK with payload is no data": ("> S 0, < S. 0 1 5", [3]),
    "refused": ("> S 0, < R. 0 1", [37]),
    "reset without ACK": (f"{OPEN}, < R 1", [39]),
    "payload without ACK is no data": (f"{OPEN}, > P 1 0 5", [7]),
    "FIN without ACK is no FIN": (f"{OPEN}, > F 1", [7]),
    "FIN,ACK is an ACK too": ("> S 0, < S. 0 1, > F. 1 1", [23]),
    "FIN with payload": ("> S 0, < S. 0 1, > F. 1 1 5", [27]),
    "keep-alive with an octet is data": (f"{OPEN}, > . 0 1 1", [15]),
    "keep-alive without": (f"{OPEN}, > . 0 1", [7]),
    "window probe is data": (f"{OPEN}, < . 1 1 w0, > . 1 1 1", [15]),
    "data before the handshake": ("> P. 1 1 5, > S 0, < S. 0 1", [10]),
    "data only": ("> P. 1 1 5, > P. 6 1 5", [8]),
    "one segment tells nothing of itself": ("> P. 1 1 5", [0]),
    "RST only": ("> R 1", [0]),
    "two RSTs": ("> R 1, > R 1", [32]),
    "SYN,ACK first": ("< S. 0 1, > S 0, > . 1 1", [6]),
    "ACK first": ("> . 1 1, < F. 1 1", [20]),
    "simultaneous open": ("> S 0, < S 0, > S. 0 1, < S. 0 1", [3]),
    "SYN and FIN": ("> SF 0, < R. 0 2", [37]),
    "SYN,FIN,ACK": ("> S 0, < SF. 0 1", [19]),
    "no flags": ("> - 0, < - 0", [0]),
    "reuse with another ISN": (f"{OPEN}, > S 900, < S. 500 901, > . 901 501", [7, 7]),
    "reuse with the same ISN": (f"{OPEN}, < R 1, > S 0, < S. 0 1", [39]),
    "reuse and Fast Open": (f"{OPEN}, > S 900 0 5, < S. 500 906", [7, 3]),
    "reuse by the other end": (f"{OPEN}, < S 900, > S. 500 901", [7, 3]),
    "another SYN,ACK begins nothing": ("> S 0, < S. 0 1, < S. 500 1, > . 1 501", [7]),
    "that SYN,ACK is the ISN now": ("> S 0, < S. 0 1, < S. 500 1, < S 500, < S 0", [3, 1]),
    "ACK tells the ISN of the other end": ("> . 1 1, < S 0, < S 5", [4, 1]),
    "reuse after data in the middle": ("> P. 5 1 5, > S 4, > S 0", [8, 1]),
    "reuse with SYN and RST": ("> S 0, > SR 900", [1, 33]),
}


def _script(index: int, text: str) -> Script:
    return Script(flow_number(index), [(p.from_client, p.segment) for p in talk(text)])


@pytest.mark.parametrize(("text", "numbers"), CASES.values(), ids=CASES.keys())
def test_number(text: str, numbers: list[int]) -> None:
    assert [stream.completeness for stream in our_streams([_script(0, text)])] == numbers


def test_the_named_cases_are_what_tshark_says(tmp_path: Path) -> None:
    scripts = [_script(index, text) for index, (text, _) in enumerate(CASES.values())]
    write(tmp_path / "named.pcapng", scripts)
    assert tshark_streams(tmp_path / "named.pcapng") == our_streams(scripts)


FLAGS = {
    "S": 8, "S.": 6, ".": 10, "F.": 6, "R": 3, "R.": 3, "P.": 5, "-": 1, "SF": 1, "SF.": 1, "SR": 1, "SR.": 1, "F": 1,
    "FR": 1, "FR.": 1, "SP": 1, "P": 1, "U": 1,
}  # fmt: skip
"""How often each combination is drawn."""


def _random_script(chance: random.Random, index: int) -> Script:
    """Up to eight segments of any flags whose numbers come from two incarnations of the same four-tuple."""
    isns = [Seq(chance.choice([0, 2**32 - 1, 1000, 5])), Seq(chance.choice([0, 2**32 - 1, 9000]))]
    later = [isns[0] + chance.choice([1, 70000, 2**31]), isns[1] + chance.choice([1, 90000])]
    packets = []
    for _ in range(chance.randint(1, 8)):
        from_client = chance.random() < 0.55
        mine, other = ((isns if chance.random() < 0.75 else later)[side] for side in (not from_client, from_client))
        flags = parse_flags(chance.choices(list(FLAGS), list(FLAGS.values()))[0])
        ack = other + chance.choice([0, 1, 1, 1, 2, 50]) if flags & ACK else Seq(chance.choice([0, 0, 7]))
        faults = (chance.choice(["short header", "header past the end"]),) if chance.random() < 0.03 else ()
        length = 0 if faults else chance.choice([0, 0, 0, 1, 5])
        seq = mine + chance.choice([0, 0, 1, 1, 2, 5, 100, -1])
        packets.append((from_client, Segment(seq, ack, flags, chance.choice([0, 1, 1000]), length, faults=faults)))
    return Script(flow_number(index), packets)


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_random_connections_are_what_tshark_says(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    scripts = [_random_script(chance, index) for index in range(3000)]
    write(tmp_path / "random.pcapng", scripts)
    theirs = {stream.packets: stream.completeness for stream in tshark_streams(tmp_path / "random.pcapng")}
    ours = {stream.packets: stream.completeness for stream in our_streams(scripts)}
    number = count(1)
    for script in scripts:
        mine = {next(number) for _ in script.packets}
        assert _of(theirs, mine) == _of(ours, mine), [str(segment) for _, segment in script.packets]


def _of(streams: dict[tuple[int, ...], int], packets: set[int]) -> dict[tuple[int, ...], int]:
    return {key: bits for key, bits in streams.items() if not packets.isdisjoint(key)}


def test_no_packets_no_bits() -> None:
    assert completeness([]) == 0


def test_a_syn_with_a_known_isn_of_its_sender_begins_nothing() -> None:
    syn, again, other = (packet.segment for packet in talk("> S 0, > S 0, > S 7"))
    numbers = after(Numbers(), syn, from_client=True)
    assert not starts_new(Numbers(), syn, from_client=True)
    assert not starts_new(numbers, again, from_client=True)
    assert starts_new(numbers, other, from_client=True)
    assert not starts_new(numbers, other, from_client=False)
