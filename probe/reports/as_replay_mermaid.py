"""A Mermaid sequence diagram of a captured connection, as far as its segments are at hand."""

from __future__ import annotations

from collections.abc import Sequence

from probe.reports.as_mermaid import label, note
from probe.reports.as_replay_ladder import bases, by_packet
from probe.results.connection import Connection, Packet
from probe.results.verdict import Finding

Placed = tuple[int, Packet]
"""A segment and its place in its connection, from 0."""
_BOTH = "C,S"
_NOTHING = "nothing"


def diagram(connection: Connection, segments: Sequence[Placed]) -> str:
    """The ladder: segments, states where they become certain, findings where they belong, what is left out counted.

    Without segments the findings are drawn by what they say.
    """
    lines = ["sequenceDiagram", f"  participant C as {_end('client', connection.client)}"]
    lines.append(f"  participant S as {_end('server', connection.server)}")
    if segments:
        return "\n".join([*lines, *_segments(connection, segments)])
    return "\n".join([*lines, *(line for finding in connection.findings for line in _told(connection, finding))])


def _end(role: str, end: object) -> str:
    return label(f"{role} {end}")


def _segments(connection: Connection, segments: Sequence[Placed]) -> list[str]:
    packets = [packet for _, packet in segments]
    client, server = bases(packets)
    states = (("left of C", by_packet(connection.client_states)), ("right of S", by_packet(connection.server_states)))
    findings = list(connection.findings)
    lines: list[str] = []
    after = 0
    for place, packet in segments:
        lines += _left_out(place - after)
        after = place + 1
        own, other = (client, server) if packet.from_client else (server, client)
        arrow = "C->>S" if packet.from_client else "S->>C"
        lines.append(f"  {arrow}: {label(packet.segment.text(own, other))}")
        lines += [f"  Note {where}: {label(known[packet.number])}" for where, known in states if packet.number in known]
        about = [f for f in findings if f.packets and max(f.packets) == packet.number]
        lines += [note(f, _BOTH) for f in about]
        findings = [f for f in findings if f not in about]
    return [*lines, *_left_out(connection.packets - after), *(note(f, _BOTH) for f in findings)]


def _left_out(count: int) -> list[str]:
    if not count:
        return []
    more = label(f"{count:,} segment{'s' * (count != 1)} more")
    return [f"  Note over {_BOTH}: {more}"]


def _told(connection: Connection, finding: Finding) -> list[str]:
    """One finding by itself: what the end received, and what it sent."""
    blamed = dict(zip(connection.findings, connection.blamed, strict=False)).get(finding)
    there, back = ("S->>C", "C->>S") if blamed == connection.client else ("C->>S", "S->>C")
    sent = [] if finding.sent == _NOTHING else [f"  {there}: {label(finding.sent)}"]
    return [*sent, f"  {back}: {label(finding.came)}", note(finding, _BOTH)]
