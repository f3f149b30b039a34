"""Captures of made-up traffic: connections with loss, repetition, reordering and reuse, as hypothesis draws them."""

from __future__ import annotations

import random
from typing import NamedTuple

from hypothesis import strategies as st

from probe.spec.segment import ACK, FIN, PSH, RST, SYN
from tests.capture.build import EVENING, FOUR_A, FOUR_B, Frame, ethernet, ipv4, tcp

SECOND = 1_000_000_000


class Piece(NamedTuple):
    """One segment: sent by the client; numbers as the wire has them."""

    client: bool
    flags: int
    seq: int
    ack: int
    length: int = 0
    window: int = 20000
    options: bytes = b""


SCALES = b"\x02\x04\x05\xb4\x03\x03\x07\x01"
STAMPS = b"\x01\x01\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x00"


class _Talk:
    """Both ends of one connection that writes down what it sends."""

    def __init__(self, isns: tuple[int, int], options: bytes) -> None:
        self.next = {True: isns[0], False: isns[1]}
        self.options = options
        self.pieces: list[Piece] = []

    def say(self, client: bool, flags: int, length: int = 0, behind: int = 0) -> None:
        """A segment that is next in order; it acknowledges all but ``behind`` octets."""
        ack = (self.next[not client] - behind) % 2**32 if flags & ACK else 0
        options = self.options if flags & SYN else b""
        self.pieces.append(Piece(client, flags, self.next[client], ack, length, options=options))
        self.next[client] = (self.next[client] + length + bool(flags & SYN) + bool(flags & FIN)) % 2**32


def _close(talk: _Talk, kind: str) -> None:
    first = kind.endswith("client")
    if kind.startswith("reset"):
        talk.say(first, RST | ACK)
    elif kind.startswith("three"):
        talk.say(first, FIN | ACK)
        talk.say(not first, FIN | ACK)
        talk.say(first, ACK)
    elif kind.startswith("four"):
        talk.say(first, FIN | ACK)
        talk.say(not first, ACK)
        talk.say(not first, PSH | ACK, 100)
        talk.say(first, ACK)
        talk.say(not first, FIN | ACK)
        talk.say(first, ACK)
    elif kind.startswith("both"):
        talk.say(True, FIN | ACK)
        talk.say(False, FIN | ACK, behind=1)
        talk.say(True, ACK)
        talk.say(False, ACK)


REPEATED = ("twice", "again later", "keep-alive", "no window")
TROUBLE = (*REPEATED, "missing", "start")


@st.composite
def connections(draw: st.DrawFn, most: int = 12, trouble: tuple[str, ...] = TROUBLE) -> list[Piece]:
    """The segments of one connection."""
    isns = draw(st.sampled_from([(1000, 5000), (2**32 - 3, 2**32 - 40), (77, 2**31 - 2)]))
    talk = _Talk(isns, draw(st.sampled_from([b"", SCALES, STAMPS])))
    talk.say(True, SYN)
    kind = draw(st.sampled_from(["usual"] * 8 + ["refused", "silent"]))
    if kind == "silent":
        return talk.pieces * draw(st.integers(1, 3))
    if kind == "refused":
        return [*talk.pieces, Piece(False, RST | ACK, 0, talk.next[True], window=0)]
    talk.say(False, SYN | ACK)
    talk.say(True, ACK)
    turns = st.tuples(st.booleans(), st.integers(1, 3), st.booleans())
    waiting = 0
    for client, count, answered in draw(st.lists(turns, max_size=most)):
        for _ in range(count):
            talk.say(client, PSH | ACK if count == 1 else ACK, 500)
        # With more under way the judge gives up on telling histories apart; what it says hangs on their number.
        waiting += count
        if answered or waiting > 3:
            talk.say(not client, ACK, behind=draw(st.sampled_from([0, 0, 0, 500])) if count > 1 else 0)
            waiting = 0
    ends = ["three", "four", "reset"]
    closes = [f"{end} {who}" for end in ends for who in ("client", "server")]
    _close(talk, draw(st.sampled_from([*closes, "both", "none"])))
    return draw(_troubled(talk.pieces, trouble))


@st.composite
def _troubled(draw: st.DrawFn, pieces: list[Piece], trouble: tuple[str, ...]) -> list[Piece]:
    """What a path and a recorder make of it: segments missing, twice, again; a keep-alive; a start in the middle."""
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        if not pieces:
            break
        at = draw(st.integers(0, len(pieces) - 1))
        what = draw(st.sampled_from(trouble))
        piece = pieces[at]
        if what == "missing":
            pieces = pieces[:at] + pieces[at + 1 :]
        elif what == "twice":
            pieces = pieces[: at + 1] + pieces[at:]
        elif what == "again later":
            later = draw(st.integers(at, len(pieces)))
            pieces = [*pieces[:later], piece, *pieces[later:]]
        elif what == "keep-alive" and not piece.flags & (SYN | FIN | RST):
            probe = piece._replace(seq=(piece.seq + piece.length - 1) % 2**32, length=0)
            pieces = [*pieces[: at + 1], probe, *pieces[at + 1 :]]
        elif what == "start":
            pieces = pieces[at:]
        elif what == "no window":
            pieces = [*pieces[:at], piece._replace(window=0), *pieces[at + 1 :]]
    return pieces


def talk(turns: int, size: int = 500) -> list[Piece]:
    """A handshake, ``turns`` of data answered with an ACK, and a close of four segments."""
    pieces = [Piece(True, SYN, 99, 0), Piece(False, SYN | ACK, 499, 100), Piece(True, ACK, 100, 500)]
    for turn in range(turns):
        pieces.append(Piece(True, PSH | ACK, 100 + turn * size, 500, size))
        pieces.append(Piece(False, ACK, 500, 100 + (turn + 1) * size))
    end = 100 + turns * size
    pieces += [Piece(True, FIN | ACK, end, 500), Piece(False, ACK, 500, end + 1)]
    return [*pieces, Piece(False, FIN | ACK, 500, end + 1), Piece(True, ACK, end + 1, 501)]


def frame(piece: Piece, port: int, time: int) -> Frame:
    """The segment as a frame between two fixed addresses."""
    source, target = (FOUR_A, FOUR_B) if piece.client else (FOUR_B, FOUR_A)
    ports = (port, 80) if piece.client else (80, port)
    body = tcp(
        source + target, *ports, piece.seq, piece.ack, piece.flags,
        window=piece.window, options=piece.options, payload=b"x" * piece.length,
    )  # fmt: skip
    return Frame(ethernet(ipv4(body, source, target)), time)


@st.composite
def captures(
    draw: st.DrawFn, /, flows: int = 3, each: int = 3, most: int = 8, trouble: tuple[str, ...] = TROUBLE
) -> list[Frame]:
    """Connections on a few four-tuples, each used several times, mixed with each other."""
    queues: list[list[Piece]] = []
    for _ in range(draw(st.integers(1, flows))):
        queue: list[Piece] = []
        for turn in range(draw(st.integers(1, each))):
            shift = turn * 1_000_000
            queue += [
                p._replace(
                    seq=(p.seq + shift) % 2**32 if p.seq or not p.flags & RST else 0,
                    ack=(p.ack + shift) % 2**32 if p.flags & ACK else 0,
                )
                for p in draw(connections(most, trouble))
            ]
        queues.append(queue)
    frames: list[Frame] = []
    time = EVENING
    order = draw(st.randoms(use_true_random=False))
    while any(queues):
        number = order.choice([n for n, queue in enumerate(queues) if queue])
        time += 300 * SECOND if order.random() < 0.01 else 1_000_000
        frames.append(frame(queues[number].pop(0), 40000 + number, time))
    return frames


def _messy_connection(chance: random.Random) -> list[Piece]:
    """A connection, some longer than what is kept of unusual ones, with whatever a path, a recorder or an end spoil."""
    isns = chance.choice([(1000, 5000), (2**32 - 3, 2**32 - 40), (77, 2**31 - 2)])
    talk = _Talk(isns, chance.choice([b"", SCALES, STAMPS]))
    talk.say(True, SYN)
    talk.say(False, SYN | ACK)
    talk.say(True, ACK)
    for _ in range(chance.choice([0, 1, 3, 10, 30, 120])):
        client = chance.random() < 0.3
        for _ in range(chance.randint(1, 3)):
            talk.say(client, ACK | PSH * chance.randint(0, 1), chance.choice([1, 500, 1460]))
        if chance.random() < 0.7:
            talk.say(not client, ACK, behind=chance.choice([0, 0, 0, 500]))
    _close(talk, chance.choice(["three client", "four server", "reset client", "both", "none"]))
    pieces = talk.pieces
    for _ in range(chance.choice([0, 0, 1, 2, 4, 10])):
        at = chance.randrange(len(pieces))
        piece, step = pieces[at], chance.choice([1, -1, 500, 100_000])
        spoilt = chance.choice(
            [
                [],
                [piece, piece],
                [piece._replace(window=chance.choice([0, 1, 600]))],
                [piece._replace(seq=(piece.seq + step) % 2**32)],
                [piece._replace(ack=(piece.ack + step) % 2**32 if piece.flags & ACK else 0)],
                [piece._replace(flags=piece.flags ^ chance.choice([RST, FIN, SYN, PSH, ACK]))],
            ]
        )
        place = chance.choice([at, chance.randint(at, len(pieces) - 1)])
        rest = pieces[:at] + pieces[at + 1 :]
        pieces = rest[:place] + spoilt + rest[place:] or pieces
    return pieces[chance.choice([0, 0, 0, chance.randrange(len(pieces))]) :]


def messy(seed: int) -> list[Frame]:
    """Such connections on a few four-tuples, each used several times, mixed with each other, with pauses of hours."""
    chance, queues = random.Random(seed), list[list[Piece]]()
    for _ in range(chance.randint(1, 4)):
        shift, queue = 0, list[Piece]()
        for _ in range(chance.randint(1, 3)):
            queue += [
                p._replace(seq=(p.seq + shift) % 2**32, ack=(p.ack + shift) % 2**32 if p.flags & ACK else 0)
                for p in _messy_connection(chance)
            ]
            shift += chance.choice([0, 1_000_000])
        queues.append(queue)
    frames, time = list[Frame](), EVENING
    while any(queues):
        number = chance.choice([n for n, queue in enumerate(queues) if queue])
        pause = chance.choice([300 * SECOND, 4 * 3600 * SECOND])
        time += pause if chance.random() < 0.002 else chance.choice([1000, 1_000_000, 60_000_000])
        frames.append(frame(queues[number].pop(0), 40000 + number, time))
    return frames
