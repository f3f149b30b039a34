"""The ladder of one captured connection: every segment with its number and time, between the states of both ends."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from probe.reports.as_replay_text import finding_text
from probe.reports.as_text import Style
from probe.results.connection import Connection, Opener, Packet, StateStep
from probe.spec.segment import ACK, PSH, SYN

_INDENT, _GAP = "  ", "  "
_STATE, _TIME = 12, 10
_NARROWEST, _WIDEST = 34, 52
_ENDS_OF_RUN = 3
"""How many segments are shown of a long run of plain data and acknowledgments, at its start and at its end."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """One line: a packet, what is known of both ends from it on, the rule that a finding says is broken by it."""

    packet: Packet
    client: str
    server: str
    broken: str
    news: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """Widths of the columns, and the numbers that both ends' are relative to (None: none seen)."""

    number: int
    time: int
    arrow: int
    start: float
    bases: tuple[int | None, int | None]


def ladder(connection: Connection, packets: Sequence[Packet], how: Style) -> str:
    """The connection's outcome, a line a segment (long runs of plain data are left out), the findings in full.

    ``packets`` are all of the connection, in the order of the file.
    """
    rungs = list(_rungs(connection, packets))
    layout = _layout(connection, rungs, how.width)
    lines = [*_head(connection, how), _heading(layout), *_lines(rungs, layout, how)]
    findings = [finding_text(connection, finding, how) for finding in connection.findings]
    return "\n\n".join(["\n".join(lines), *findings])


def _head(c: Connection, how: Style) -> Iterator[str]:
    yield how.paint.strong(f"connection {c.index} of {c.file}: ") + how.paint.word(c.verdict)
    opener = "" if c.opener is Opener.CLIENT else f" ({c.opener})"
    started = datetime.fromtimestamp(c.start, UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    rtt = "" if c.rtt is None else f", handshake RTT {c.rtt * 1000:.3f} ms"
    facts = (
        f"{c.client} > {c.server}, started {started}, {c.duration:.6f} s{rtt}",
        f"handshake {c.handshake}{opener}, close {c.close}; evidence: {c.evidence}",
        f"sent again: SYN {c.syn_again}, SYN-ACK {c.syn_ack_again}, FIN {c.fin_again};"
        f" Zeek {c.conn_state or '-'} {c.history}; Wireshark completeness {c.completeness}",
    )
    for fact in facts:
        yield textwrap.fill(
            fact, how.width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2, break_on_hyphens=False
        )


def _rungs(connection: Connection, packets: Sequence[Packet]) -> Iterator[_Rung]:
    client, server = by_packet(connection.client_states), by_packet(connection.server_states)
    broken: dict[int, list[str]] = {}
    for finding in connection.findings:
        for number in finding.packets:
            broken.setdefault(number, []).append(finding.rule)
    here, there = "", ""
    for packet in packets:
        new = packet.number in client or packet.number in server
        here, there = client.get(packet.number, here), server.get(packet.number, there)
        rules = ", ".join(broken.get(packet.number, ()))
        plain = packet.segment.flags & ~PSH == ACK and not packet.segment.faults
        yield _Rung(packet, here, there, rules, not plain or new or bool(rules))


def by_packet(steps: Iterable[StateStep]) -> dict[int, str]:
    """Packet number -> state; the later one where a packet made two steps certain."""
    return {step.packet: step.state for step in steps}


def _layout(connection: Connection, rungs: list[_Rung], width: int) -> _Layout:
    number = max([3, *(len(str(r.packet.number)) for r in rungs)])
    longest = max((r.packet.time - connection.start for r in rungs), default=0.0)
    time = max(_TIME, len(f" {longest * 1000:.2f}"))  # connections may last for days
    used = len(_INDENT) + number + time + len(_GAP) * 3 + _STATE * 2
    arrow = max(_NARROWEST, min(_WIDEST, width - used))
    return _Layout(number, time, arrow, connection.start, bases([rung.packet for rung in rungs]))


def bases(packets: Sequence[Packet]) -> tuple[int | None, int | None]:
    """What numbers of the client and of the server are relative to."""
    return _base(packets, from_client=True), _base(packets, from_client=False)


def _base(packets: Iterable[Packet], *, from_client: bool) -> int | None:
    """The ISN of an end; where its SYN was not seen, the first number known of it, sent or acknowledged."""
    first: int | None = None
    for packet in packets:
        segment = packet.segment
        if packet.from_client == from_client:
            if segment.flags & SYN:
                return int(segment.seq)
            first = int(segment.seq) if first is None else first
        elif segment.flags & ACK and first is None:
            first = int(segment.ack)
    return first


def _heading(layout: _Layout) -> str:
    ends = f"{'client':<{layout.arrow - 6}}server"
    left = f"{_INDENT}{'#':>{layout.number}}{'ms':>{layout.time}}{_GAP}{'client state':<{_STATE}}{_GAP}"
    return f"{left}{ends}{_GAP}server state"


def _lines(rungs: list[_Rung], layout: _Layout, how: Style) -> Iterator[str]:
    quiet: list[_Rung] = []
    for rung in rungs:
        if not rung.news:
            quiet.append(rung)
            continue
        yield from _quiet(quiet, layout, how)
        quiet.clear()
        yield from _rung(rung, layout, how)
    yield from _quiet(quiet, layout, how)


def _quiet(rungs: list[_Rung], layout: _Layout, how: Style) -> Iterator[str]:
    """A run of plain data and acknowledgments; the middle of a long one is only counted."""
    left = len(rungs) - 2 * _ENDS_OF_RUN
    for place, rung in enumerate(rungs):
        if left <= 1 or not _ENDS_OF_RUN <= place < len(rungs) - _ENDS_OF_RUN:
            yield from _rung(rung, layout, how)
        elif place == _ENDS_OF_RUN:
            text = f" {left:,} segments of data and acknowledgments "
            yield _before(layout) + how.paint.faint(f"{text:.^{layout.arrow}}")


def _before(layout: _Layout) -> str:
    return " " * (len(_INDENT) + layout.number + layout.time + len(_GAP) * 2 + _STATE)


def _rung(rung: _Rung, layout: _Layout, how: Style) -> Iterator[str]:
    packet = rung.packet
    elapsed = (packet.time - layout.start) * 1000
    left = f"{_INDENT}{packet.number:>{layout.number}}{elapsed:>{layout.time}.2f}{_GAP}{rung.client:<{_STATE}}{_GAP}"
    yield f"{left}{_arrow(packet, layout)}{_GAP}{rung.server}".rstrip()
    if rung.broken:
        yield " " * len(left) + how.paint.word("fail", f"^ {rung.broken}")
    if packet.segment.faults:
        yield f"{' ' * len(left)}({', '.join(packet.segment.faults)})"


def _arrow(packet: Packet, layout: _Layout) -> str:
    client, server = layout.bases
    if packet.from_client:
        return f"{f' {packet.segment.text(client, server)} ':-^{layout.arrow - 1}}>"
    return f"<{f' {packet.segment.text(server, client)} ':-^{layout.arrow - 1}}"
