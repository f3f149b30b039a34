"""One connection of a capture in a report: its row in the table, its findings in full, its ladder, its case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath

from probe.reports import document as doc
from probe.reports.builders import common
from probe.results.connection import IN_FULL, ODDITIES, Connection, Evidence, Oddity, Opener, Packet, Replay, StateStep
from probe.results.ending import Cause, End, Trouble, either, sentence
from probe.results.verdict import Finding, Verdict, Why
from probe.spec.segment import ACK, PSH, SYN
from probe.spec.states import State

_SHORT = dict(zip(State, ["CL", "LI", "SS", "SR", "ES", "F1", "F2", "CW", "CG", "LA", "TW"], strict=True))
_HEADERS = (
    "#", "client", "server", "handshake", "close", "client states", "server states",
    "again", "RTT ms", "state", "history", "compl.", "verdict", "why",
)  # fmt: skip
_STACKS = ((0,), (1, 2), (5, 6), (3, 4), (8, 7), (9, 10), (11,), (12, 13))
_LEGEND = (
    "RTT: of the handshake; again: retransmissions of SYN, SYN-ACK and FIN; state, history: Zeek's conn_state and"
    " history; compl.: Wireshark's completeness number; states: "
) + ", ".join(f"{short}={state}" for state, short in _SHORT.items())
_NONE = "-"
_STOPPED = {
    Why.TOO_MANY_HISTORIES: "it can have gone on in too many ways",
    Why.CUT_DOWN: "it is too long to be kept whole",
}

Placed = tuple[int, Packet]
"""A segment and its place in its connection, from 0."""
Segments = Mapping[tuple[str, int], Sequence[Placed]]
"""Segments to draw, by file and index of their connection."""


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Path -> the file's own name where no other file has the same one, else the path."""
    own = {path: PurePath(path).name or path for path in files}
    count = Counter(own.values())
    return {path: name if count[name] == 1 else path for path, name in own.items()}


def name_of(connection: Connection, names: Mapping[str, str]) -> str:
    """``a.pcap:7``, or the number alone where there is only one file."""
    file = f"{names.get(connection.file, connection.file)}:" if len(names) > 1 else ""
    return f"{file}{connection.index}"


def table(listed: Iterable[Connection], names: Mapping[str, str], more: str) -> doc.Table:
    """A row a connection; the last column is what its verdict rests on, or what its record lacks."""
    rows: list[tuple[doc.Text, ...]] = []
    for c in listed:
        broken = ", ".join(dict.fromkeys(f.rule for f in c.findings))
        row = (
            name_of(c, names),
            str(c.client),
            str(c.server),
            _opening(c),
            c.close.value,
            _path(c.client_states),
            _path(c.server_states),
            f"{c.syn_again}/{c.syn_ack_again}/{c.fin_again}",
            _NONE if c.rtt is None else f"{c.rtt * 1000:.3f}",
            c.conn_state,
            c.history,
            str(c.completeness),
            doc.toned("skip", "expected") if c.expected else doc.toned(c.news),
            common.expected_text(c) or broken or _lacking(c),
        )
        rows.append(row)
    return doc.Table(_HEADERS, tuple(rows), "", _LEGEND, more, _STACKS, frozenset({9, 10, 11}))


def oddities(counts: Mapping[Oddity, int], listed: Iterable[Connection], names: Mapping[str, str]) -> doc.Table:
    """What is strange in connections, by how many show it, each with the first of those listed as its example."""
    examples: dict[Oddity, str] = {}
    for c in listed:
        for odd in c.oddities:
            examples.setdefault(odd.kind, f"{name_of(c, names)}, packet {odd.packet:,}")
    rows = tuple(
        (kind.value, f"{count:,}", examples.get(kind, _NONE), *ODDITIES[kind]) for kind, count in counts.items()
    )
    left = ", ".join(kind.value for kind in Oddity if kind in IN_FULL)
    more = f"{'' if rows else 'none; '}{left}: only --show N looks at every packet"
    headers, stacks = ("oddity", "connections", "example", "what it is", "clause"), ((0,), (1, 2), (3, 4))
    return doc.Table(headers, rows, "Oddities (no verdict)", "", more, stacks)


def _odd(c: Connection) -> list[str]:
    """A line for each oddity, and each ICMP error."""
    odd = [f"odd, packet {one.packet:,}: {ODDITIES[one.kind][0]} ({ODDITIES[one.kind][1]})" for one in c.oddities]
    ends = {True: "client", False: "server"}
    told = (f"ICMP about a segment of the {ends[one.about_client]}: {one.icmp}" for one in c.icmp)
    return odd + list(dict.fromkeys(told))


_TROUBLES = 8
"""Groups of trouble that are told: what a person reads before all else."""


def troubles(replay: Replay, names: Mapping[str, str]) -> Iterator[doc.Line]:
    """What went wrong, by server and cause, the most frequent first; nothing where all went well."""
    for place, one in enumerate(replay.troubles[:_TROUBLES]):
        count = f"{one.count:,} of {one.of:,}" if one.of else f"{one.count:,}"
        first, last = (f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}" for time in (one.first, one.last))
        when = first if first == last else f"{first} to {last.removeprefix(first[:11])}"
        file = f"{names.get(one.file, one.file)}:" if len(names) > 1 else ""
        told = f"{_server(one)}, {count} connection{'s' * (max(one.count, one.of) != 1)}: {either(one.causes)}"
        if one.of and (Cause.UNANSWERED, End.SERVER) in one.kind:
            told += f"; it answered {f'{one.answered:,} others' if one.answered else 'none'}"
        yield doc.fact("" if place else "trouble", f"{told}; {when} UTC, --show {file}{one.index}")
    if left := replay.troubles[_TROUBLES:]:
        connections = sum(one.count for one in left)
        yield doc.fact("", f"{connections:,} more connections in {len(left):,} more groups: --json lists them")


def _server(one: Trouble) -> str:
    """The server of a group, or that it stands for many."""
    if one.server.port:
        return str(one.server)
    return f"{one.server.address}, many ports" if one.server.address else "many servers"


def trouble_alerts(replay: Replay) -> Iterator[doc.Alert]:
    """One a group, where trouble fails the run."""
    for one in replay.troubles if replay.fail_on_trouble else ():
        where = f"connection {one.index} of {one.file} is the first of {one.count:,}"
        yield doc.Alert(True, f"{_server(one)}: trouble", f"{sentence(one.causes)}; {where}")


def trouble_case(one: Trouble, *, failing: bool) -> doc.Case:
    """A group of connections that ended badly as a case; it fails where trouble fails the run."""
    end = doc.CaseEnd.FAILED if failing else doc.CaseEnd.PASSED
    told = f"{sentence(one.causes)}: {one.count:,} connections, from {one.index} of {one.file} on"
    return doc.Case(_server(one), end, told if failing else "", "trouble" if failing else "", (), (told,))


def _lacking(c: Connection) -> str:
    """What the record, or its judgment, lacks; empty where it is complete."""
    if c.doubtful:
        doubts = "; ".join(artefact.text for artefact in c.artefacts)
        return f"doubtful: {', '.join(dict.fromkeys(f.rule for f in c.doubtful))}, as {doubts}"
    if (stop := c.stopped) is None:
        return "" if c.evidence is Evidence.COMPLETE else c.evidence.value
    if stop.why is Why.NO_START:
        return "one end is not judged: what it was when the record begins cannot be told"
    return f"judged to packet {stop.packet:,} of {stop.last:,}: {_STOPPED[stop.why]}"


def _opening(c: Connection) -> str:
    """The handshake; simultaneous and mid-stream openers are named."""
    return c.handshake.value if c.opener is Opener.CLIENT else f"{c.handshake} ({c.opener})"


def _path(steps: Iterable[StateStep]) -> str:
    """``SS ES F1 F2 TW``; a hyphen where no state is certain."""
    return " ".join(_SHORT[State(step.state)] for step in steps) or _NONE


def deviations(c: Connection, names: Mapping[str, str]) -> doc.Deviations:
    """The findings of a connection in full; ``names`` of the files, where there are several."""
    found = []
    for finding in c.findings:
        since = dict(zip(c.findings, c.known, strict=False)).get(finding)
        before = [doc.fact("ends", f"{c.client} > {c.server}"), doc.fact("against", blamed(c, finding))]
        after = [doc.fact("evidence", lacking)] if (lacking := _lacking(c)) else []
        found.append(common.deviation(finding, finding.word, since, before=before, after=after))
    name = name_of(c, names)
    place = name if len(names) > 1 else f"connection {name}"
    on = doc.On.TERMINAL if c.expected else doc.On.TERMINAL | doc.On.SUMMARY
    return doc.Deviations(place, f"Connection {name}", c.news, "", tuple(found), on)


def blamed(found: Connection, finding: Finding) -> str:
    """``the server, 192.0.2.2:80``: the end that a finding stands against, where it is known."""
    end = dict(zip(found.findings, found.blamed, strict=False)).get(finding)
    return f"the {'client' if end == found.client else 'server'}, {end}" if end else ""


def ladder(c: Connection, packets: Sequence[Packet], segments: Callable[[], Segments] = dict) -> doc.Ladder:
    """Every segment between the states of both ends: of ``packets``, all there are, else those of ``segments``."""
    facts = [
        f"{c.client} > {c.server}, started {datetime.fromtimestamp(c.start, UTC):%Y-%m-%d %H:%M:%S.%f UTC},"
        f" {c.duration:.6f} s" + ("" if c.rtt is None else f", handshake RTT {c.rtt * 1000:.3f} ms"),
        f"handshake {_opening(c)}, close {c.close}; evidence: {_lacking(c) or c.evidence}",
        *([f"end: {sentence(c.causes)}"] if c.causes else []),
        f"sent again: SYN {c.syn_again}, SYN-ACK {c.syn_ack_again}, FIN {c.fin_again};"
        f" Zeek {c.conn_state or _NONE} {c.history}; Wireshark completeness {c.completeness}",
        *_odd(c),
    ]
    blamed = dict(zip(c.findings, c.blamed, strict=False))
    placed = tuple(enumerate(packets))
    return doc.Ladder(
        "",
        (doc.toned("strong", f"connection {c.index} of {c.file}: "), doc.toned(c.verdict)),
        tuple(facts),
        ("client", "server"),
        ("client state", "server state"),
        lambda: _rungs(c, placed or segments().get((c.file, c.index), ())),
        c.packets,
        c.findings,
        tuple(f for f in c.findings if blamed.get(f) == c.client),
        (str(c.client), str(c.server)),
        on=doc.ALWAYS,
    )


def _rungs(c: Connection, placed: Sequence[Placed]) -> list[doc.Rung]:
    client, server = ({step.packet: step.state for step in steps} for steps in (c.client_states, c.server_states))
    broken: dict[int, list[str]] = {}
    for finding in c.findings:
        for number in finding.packets:
            broken.setdefault(number, []).append(finding.rule)
    bases = [_base(placed, from_client=one) for one in (True, False)]
    here = there = ""
    rungs = []
    for place, packet in placed:
        new = packet.number in client or packet.number in server or packet.number in broken
        here, there = client.get(packet.number, here), server.get(packet.number, there)
        own, other = bases if packet.from_client else reversed(bases)
        segment = packet.segment
        rungs.append(
            doc.Rung(
                place,
                packet.number,
                packet.time - c.start,
                packet.from_client,
                segment.text(own, other),
                (here,) if here else (),
                (there,) if there else (),
                note=", ".join(segment.faults),
                broken=", ".join(broken.get(packet.number, ())),
                plain=segment.flags & ~PSH == ACK and not segment.faults and not new,
            )
        )
    return sorted((*rungs, *_reported(c)), key=lambda rung: rung.number)


def _reported(c: Connection) -> Iterator[doc.Rung]:
    """ICMP errors, each on its way to whose segment it is about."""
    for one in c.icmp:
        if one.packet:
            told = f"from {one.icmp.host}, type {one.icmp.type} code {one.icmp.code}"
            text = f"ICMP {one.icmp.words}"
            yield doc.Rung(-1, one.packet, one.time - c.start, not one.about_client, text, note=told)


def _base(placed: Sequence[Placed], *, from_client: bool) -> int | None:
    """The ISN of an end; where its SYN was not seen, the first number known of it, sent or acknowledged."""
    seen = [(packet.from_client == from_client, packet.segment) for _, packet in placed]
    isns = (int(segment.seq) for own, segment in seen if own and segment.flags & SYN)
    known = (int(segment.seq if own else segment.ack) for own, segment in seen if own or segment.flags & ACK)
    return next(chain(isns, known), None)


def case(c: Connection, fail_on: frozenset[Verdict]) -> doc.Case:
    """The connection as a case, with its evidence."""
    end, message, kind = common.ended(c, _lacking(c), fail_on)
    about = f"{c.packets} packets from packet {c.first_packet}; handshake {c.handshake}; close {c.close};"
    about += f" evidence {_lacking(c) or c.evidence}; Zeek {c.conn_state} {c.history}"
    full = (deviations(c, {}),) if c.findings else ()
    text = full if end is doc.CaseEnd.FAILED else ()
    return doc.Case(f"{c.index}: {c.client} > {c.server}", end, message, kind, text, (about, *full), c.duration)
