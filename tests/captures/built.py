"""Connections written by hand: what a healthy kernel never does, and textbook exchanges that hardly ever happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from probe.spec.segment import ACK, Endpoint, Flow, Option, Segment, parse_flags
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.record import Recorder
from tests.captures.expected import Due

FLOWS = {
    4: Flow(Endpoint("192.0.2.1", 40001), Endpoint("192.0.2.2", 80)),
    6: Flow(Endpoint("2001:db8::1", 40001), Endpoint("2001:db8::2", 80)),
}
CLIENT_ISN, SERVER_ISN = Seq(0xFFFFFF00), Seq(0x12345678)
"""The client's numbers wrap."""
MSS = (Option(2, b"\x05\xb4"),)
STARTED, STEP = 1_800_000_000.0, 0.01


@dataclass(frozen=True, slots=True)
class Built:
    """A connection, one packet a comma: direction, flags, sequence number, acknowledgment number, payload octets.

    ``step`` seconds lie between two packets. Numbers count from the ISNs; after ``=`` they stand as they are.
    """

    name: str
    shows: str
    packets: str
    due: tuple[Due, ...]
    step: float = STEP


def fails(handshake: str, close: str, conn_state: str, *findings: str) -> tuple[Due, ...]:
    """One connection that breaks rules."""
    return (Due(handshake, close, conn_state, findings, "fail"),)


def passes(handshake: str, close: str, conn_state: str) -> tuple[Due, ...]:
    """One connection without a fault."""
    return (Due(handshake, close, conn_state),)


OPEN = "> S 0, < S. 0 1, > . 1 1, "
BUILT = (
    Built(
        "synack-acks-wrong-number",
        "the SYN,ACK acknowledges ISN+5; the client answers with RST, as RFC 9293 3.10.7.3 asks",
        "> S 0, < S. 0 5, > R 5",
        fails("violated", "none", "RSTO", "open.synack-ack-number"),
    ),
    Built(
        "synack-with-fin",
        "SYN, ACK and FIN in the answer to a SYN",
        "> S 0, < SF. 0 1, > . 1 1",
        fails("followed", "incomplete", "S3", "open.listen-syn-synack"),
    ),
    Built(
        "synack-again-with-another-isn",
        "the repeated SYN,ACK has another ISN than the first",
        "> S 0, < S. 0 1, < S. 64000 1, > . 1 1, > P. 1 1 5, < . 1 6",
        fails("followed", "none", "S1", "isn.stable-while-pending"),
    ),
    Built(
        "refusal-with-sequence-number",
        "the RST to a SYN has sequence number 7: a SYN,ACK that the file lacks and an abort would explain it",
        "> S 0, < R. =7 1",
        passes("refused", "none", "REJ"),
    ),
    Built(
        "refusal-acks-wrong-number",
        "the RST that refuses a SYN acknowledges ISN+5: no client may believe it",
        "> S 0, < R. =0 5",
        fails("unanswered", "none", "REJ", "closed.syn-refused"),
    ),
    Built(
        "syn-with-fin",
        "a SYN with FIN, as scanners send it, refused by the book: the RST acknowledges both",
        "> SF 0, < R. =0 2",
        fails("refused", "none", "RSTR", "active.syn-form"),
    ),
    Built(
        "fin-without-ack-by-server",
        "the server's FIN lacks the ACK flag",
        OPEN + "> P. 1 1 10, < . 1 11, < F 1, < F 1, > . 11 2, > F. 11 2, < . 2 12",
        fails("followed", "four-way", "SF", "aclose.fin-form"),
    ),
    Built(
        "fin-without-ack-by-client",
        "the client's FIN lacks the ACK flag",
        OPEN + "> F 1, < . 1 1, > F 1",
        fails("followed", "incomplete", "S2", "aclose.fin-form"),
    ),
    Built(
        "data-after-fin-by-client",
        "the client sends data beyond its FIN",
        OPEN + "> F. 1 1, < . 1 2, > P. 2 1 10, < . 1 2, < F. 1 2, > . 2 2",
        fails("followed", "four-way", "SF", "aclose.no-data-after-fin"),
    ),
    Built(
        "data-after-fin-by-server",
        "the server sends data beyond its FIN",
        OPEN + "< F. 1 1, > . 1 2, < P. 2 1 10, > . 1 2, > F. 1 2, < . 2 2",
        fails("followed", "four-way", "SF", "aclose.no-data-after-fin"),
    ),
    Built(
        "fin-moves",
        "the repeated FIN has another number than the first",
        OPEN + "< F. 1 1, < F. 5 1",
        fails("followed", "incomplete", "S3", "aclose.fin-retransmit"),
    ),
    Built(
        "fin-after-the-close",
        "a second FIN with a new number, after both were acknowledged",
        OPEN + "> F. 1 1, < . 1 2, < F. 1 2, > . 2 2, < F. 3 2",
        fails("followed", "four-way", "SF", "close.lastack-closed"),
    ),
    Built(
        "established-by-two-segments",
        "the server sends data right behind its SYN,ACK: unless a segment is not in the file, that is too early",
        "> S 0, < S. 0 1, < P. 1 1 20, > . 1 1, > . 1 21",
        passes("followed", "none", "S1"),
    ),
    Built(
        "acks-ahead-of-the-file",
        "the server acknowledges octets that the file does not hold: the recorder lost them",
        OPEN + "> P. 1 1 10, < . 1 500",
        passes("followed", "none", "S1"),
    ),
    Built(
        "textbook-simultaneous-open",
        "RFC 9293 figure 7: both ends send SYN, then SYN,ACK",
        "> S 0, < S 0, > S. 0 1, < S. 0 1, > P. 1 1 5, < . 1 6",
        passes("followed", "none", "S1"),
    ),
    Built(
        "old-duplicate-syn",
        "RFC 9293 figure 8: an old SYN is answered, the client resets it, the new one opens",
        "> S -5000, < S. 0 -4999, > R -4999, > S 0, < S. 70000 1, > . 1 70001",
        (Due("incomplete", "reset by client", "RSTO"), Due("followed", "none", "S1")),
    ),
    Built(
        "half-open-discovered",
        "RFC 9293 figure 9: the client has forgotten the connection; the old one answers its SYN and is reset",
        OPEN + "> P. 1 1 5, < . 1 6, > S 900000, < . 1 6, > R 6, > S 900000, < S. 80000 900001, > . 900001 80001",
        (Due("followed", "none", "S1"), Due("followed", "none", "RSTO")),
    ),
    Built(
        "synack-overtaken",
        "the server's timer sends the SYN,ACK again, and what it sends a moment later is recorded first",
        "> S 0, > S 0, < S. 0 1, > . 1 1, > P. 1 1 5, < . 1 6, < S. 0 1, > . 6 1, < . 1 6",
        passes("followed", "none", "S1"),
    ),
    Built(
        "data-after-own-rst",
        "a RST comes in the name of the server, which sends data on the connection all the same: inconclusive",
        OPEN + "> P. 1 1 5, < R. 1 6, < P. 1 6 5, > . 6 6",
        (Due("followed", "none", "RSTR", verdict="inconclusive"),),
        step=1.0,
    ),
    Built(
        "rst-in-syn-received",
        "the client gives up after the SYN,ACK",
        "> S 0, < S. 0 1, > R 1",
        passes("incomplete", "reset by client", "RSTO"),
    ),
    Built(
        "close-by-three-segments",
        "the second FIN carries the acknowledgment of the first",
        OPEN + "> F. 1 1, < F. 1 2, > . 2 2",
        passes("followed", "three-segment", "SF"),
    ),
    Built(
        "close-at-the-same-time",
        "both FINs cross: RFC 9293 figure 13",
        OPEN + "> F. 1 1, < F. 1 1, > . 2 2, < . 2 2",
        passes("followed", "simultaneous", "SF"),
    ),
)


def write(case: Built, version: int, path: Path) -> None:
    """The connection as a pcapng of raw IP packets."""
    with Recorder(path, case.shows) as recorder:
        for number, (from_client, segment) in enumerate(_segments(case.packets)):
            flow = FLOWS[version] if from_client else FLOWS[version].reversed()
            recorder.add(pack(flow, segment), STARTED + number * case.step)


def _segments(text: str) -> Iterator[tuple[bool, Segment]]:
    for line in text.split(","):
        way, letters, *numbers = line.split()
        flags, from_client = parse_flags(letters), way == ">"
        mine, other = (CLIENT_ISN, SERVER_ISN) if from_client else (SERVER_ISN, CLIENT_ISN)
        seq, ack, length = (*numbers, "0", "0")[:3] if len(numbers) < 3 else numbers
        options = MSS if "S" in letters else ()
        window = 0 if "R" in letters else 64240
        acked = _number(ack, other) if flags & ACK else Seq(0)
        yield from_client, Segment(_number(seq, mine), acked, flags, window, int(length), b"x" * int(length), options)


def _number(text: str, base: Seq) -> Seq:
    return Seq(int(text[1:])) if text.startswith("=") else base + int(text)
