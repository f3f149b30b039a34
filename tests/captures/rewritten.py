"""Recorded traffic written again: behind other link headers, in other files, with records lost, doubled or altered."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from probe.capture.reader import Reading
from probe.spec.segment import FIN, RST, SYN, Flow, Segment
from probe.wire.craft import pack
from tests.capture.build import LINKS, Frame, Ng, pcap
from tests.captures.expected import Due
from tests.captures.ordinary import CLOSES, FOUR
from tests.captures.verdicts import declare


@dataclass(frozen=True, slots=True)
class Row:
    """One packet: its time in nanoseconds, its octets from the IP header on, and what is in them."""

    time: int
    packet: bytes
    flow: Flow
    segment: Segment

    def altered(self, **fields: object) -> Row:
        """The same packet with other fields in its TCP header, its checksum right."""
        segment = replace(self.segment, faults=(), checksum_known=True, **fields)  # type: ignore[arg-type]
        return replace(self, packet=pack(self.flow, segment), segment=segment)


Rewrite = Callable[[list[Row]], list[Row]]
Write = Callable[[list[Row]], bytes]


def linked(link: str, *, order: str = "<", nano: bool = True) -> Write:
    """A pcap with other link headers."""
    number, wrap = LINKS[link]
    return lambda rows: pcap([Frame(wrap(r.packet), r.time) for r in rows], link=number, order=order, nano=nano)


def zipped(rows: list[Row]) -> bytes:
    """Big-endian, microseconds, gzip."""
    return gzip.compress(linked("ethernet", order=">", nano=False)(rows), mtime=0)


def several_interfaces(rows: list[Row]) -> bytes:
    """pcapng: two interfaces, Ethernet and raw IP, the packets now here, now there, all kinds of packet blocks."""
    file = Ng().section(">").interface(1).interface(101)
    for number, row in enumerate(rows):
        if number % 3 == 1:
            file.enhanced(Frame(row.packet, row.time), 1)
        elif number % 3 == 2:
            file.obsolete(Frame(LINKS["vlan"][1](row.packet), row.time))
        else:
            file.enhanced(Frame(LINKS["ethernet"][1](row.packet), row.time))
    return file.data


def cut_off(rows: list[Row]) -> bytes:
    """The file ends in the middle of its last packet."""
    return linked("ethernet")(rows)[:-20]


def same(rows: list[Row]) -> list[Row]:
    """Nothing changed."""
    return rows


def doubled(rows: list[Row]) -> list[Row]:
    """Every packet twice, as a mirror port shows it."""
    return list(chain.from_iterable((row, row) for row in rows))


def swapped(rows: list[Row]) -> list[Row]:
    """From the fourth packet on every two change places."""
    head, tail = rows[:3], rows[3:]
    return head + list(chain.from_iterable(reversed(tail[at : at + 2]) for at in range(0, len(tail), 2)))


def without(*places: int) -> Rewrite:
    """Packets that the recorder lost, counted from 1."""
    return lambda rows: [row for place, row in enumerate(rows, 1) if place not in places]


def altering(flag: int, nth: int, change: Callable[[Row], Row]) -> Rewrite:
    """The ``nth`` packet with the flag is another."""

    def rewrite(rows: list[Row]) -> list[Row]:
        places = [place for place, row in enumerate(rows) if row.segment.flags & flag]
        return [change(row) if place == places[nth] else row for place, row in enumerate(rows)]

    return rewrite


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One capture made from another: ``source`` by its name without IP version."""

    name: str
    shows: str
    source: str
    rewrite: Rewrite
    write: Write
    due: tuple[Due, ...] = FOUR
    suffix: str = ".pcap"
    fault: str = ""


def _links() -> Iterable[Rewritten]:
    wanted = ("vlan", "qinq", "null freebsd little", "null darwin big", "loop", "raw 12", "raw 101", "sll", "sll2")
    for link in wanted:
        yield Rewritten(f"link-{link.replace(' ', '-')}", f"link header: {link}", SOURCE, same, linked(link))


def deviates(handshake: str, close: str, conn_state: str, rule: str) -> tuple[Due, ...]:
    """One connection that breaks one rule."""
    return (Due(handshake, close, conn_state, (rule,), "fail"),)


SOURCE = "server-closes-first"
ETHERNET = linked("ethernet")
REWRITTEN = (
    *_links(),
    Rewritten("big-endian", "pcap of the other byte order, gzip", SOURCE, same, zipped, suffix=".pcap.gz"),
    Rewritten(
        "interfaces", "pcapng with two interfaces, big-endian", SOURCE, same, several_interfaces, suffix=".pcapng"
    ),
    Rewritten(
        "cut-off",
        "the file ends in the middle of a packet: what stands before it is judged",
        SOURCE,
        same,
        cut_off,
        (Due("followed", "incomplete", "SF"),),
        fault="the file ends inside a record",
    ),
    Rewritten("doubled", "every packet is there twice (mirror port)", SOURCE, doubled, ETHERNET),
    Rewritten("swapped", "packets have changed places", SOURCE, swapped, ETHERNET, (Due("followed", CLOSES, "SF"),)),
    Rewritten("recorder-lost-third-segment", "the ACK of the SYN,ACK is not in the file", SOURCE, without(3), ETHERNET),
    Rewritten(
        "recorder-lost-syn",
        "the SYN is not in the file",
        SOURCE,
        without(1),
        ETHERNET,
        (Due("not seen", "four-way", "*"),),
    ),
    Rewritten(
        "recorder-lost-syn-ack",
        "the SYN,ACK is not in the file",
        SOURCE,
        without(2),
        ETHERNET,
        (Due("not seen", "four-way", "*"),),
    ),
    Rewritten("recorder-lost-data", "the request is not in the file", SOURCE, without(4), ETHERNET),
    Rewritten(
        "deviation-synack-number",
        "the SYN,ACK acknowledges one number too many; what follows is as it was",
        SOURCE,
        altering(SYN, 1, lambda row: row.altered(ack=row.segment.ack + 1)),
        ETHERNET,
        deviates("*", "*", "*", "open.synack-ack-number"),
    ),
    Rewritten(
        "deviation-fin-form",
        "the server's FIN has no ACK flag",
        SOURCE,
        altering(FIN, 0, lambda row: row.altered(flags=FIN)),
        ETHERNET,
        deviates("followed", "four-way", "SF", "aclose.fin-form"),
    ),
    Rewritten(
        "deviation-refusal",
        "the RST that refuses the SYN acknowledges another number",
        "refused",
        altering(RST, 0, lambda row: row.altered(ack=row.segment.ack + 4)),
        ETHERNET,
        deviates("unanswered", "none", "REJ", "closed.syn-refused"),
    ),
)


def makers(peer: Path, folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Callable[[], None]]]:
    """The captures asked for, from those of ``peer``, with what makes them (ValueError: one is not as declared)."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in REWRITTEN:
        for version in (4, 6):
            if wanted(one.name):
                path = folder / f"{one.name}-v{version}{one.suffix}"
                yield f"{one.name}-v{version}", partial(_make, one, peer / f"{one.source}-v{version}.pcap", path)


def _make(one: Rewritten, source: Path, path: Path) -> None:
    path.write_bytes(one.write(one.rewrite(_rows(source))))
    declare(path, one.shows, one.due, one.fault)


def _rows(path: Path) -> list[Row]:
    found = []
    for chunk in Reading(str(path)):
        for row in range(len(chunk)):
            decoded = chunk.exact(row)
            found.append(Row(int(chunk.time[row]), chunk.packet(row), decoded.flow, decoded.segment))
    return found
