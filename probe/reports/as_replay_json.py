"""The JSON of a replay: the names scripts rely on are listed in probe/reports/README.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probe.reports import as_json
from probe.reports.as_json import Document, envelope
from probe.results.connection import Connection, Packet, Replay, StateStep
from probe.results.verdict import Report, Verdict
from probe.spec.segment import ACK, Endpoint, flags_text

_MICRO = 6
_LINE = {"schema_version": as_json.SCHEMA_VERSION, "command": "replay", "event": "connection"}
_PLACEHOLDER = '"connections": []'


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of `probe check` judged again; ``differs`` are sentences, one a verdict that is not as recorded.

    ``verdicts`` counts every exchange; of a bulk run the report shows only some.
    """

    file: str
    report: Report
    verdicts: Mapping[Verdict, int]
    differs: tuple[str, ...] = ()


def render(
    replay: Replay,
    connections: Iterable[Document],
    *,
    exit_code: int,
    errors: Sequence[str] = (),
    recordings: Sequence[Recording] = (),
) -> Iterator[str]:
    """The document in pieces; ``connections`` as ``connection`` gives them.

    Each is a line: a million of them would take long to lay out, and much room.
    """
    text = as_json.dumps(summary(replay, exit_code=exit_code, errors=errors, recordings=recordings))
    before, after = text.rsplit(_PLACEHOLDER, 1)
    yield before + '"connections": ['
    between = "\n    "
    for found in connections:
        yield between + json.dumps(found)
        between = ",\n    "
    yield ("]" if between == "\n    " else "\n  ]") + after


def summary(
    replay: Replay, *, exit_code: int, errors: Sequence[str] = (), recordings: Sequence[Recording] = ()
) -> Document:
    """The document with ``connections`` empty; ``recordings`` are judged by exchanges, each as a check reports it."""
    return {
        **envelope("replay", replay.profile, exit_code),
        "interrupted": replay.interrupted,
        "late": replay.late,
        "files": list(replay.files),
        "records": replay.records,
        "seconds": round(replay.seconds, _MICRO),
        "skipped": dict(replay.skipped),
        "faults": [{"file": file, "offset": offset, "reason": reason} for file, offset, reason in replay.faults],
        "counts": {
            "connections": replay.connections,
            "outcomes": {f"{handshake}, {close}": count for (handshake, close), count in replay.counts.items()},
            "verdicts": {word.value: replay.verdicts.get(word, 0) for word in Verdict},
            "expected": replay.known,
            "evidence": dict(replay.evidence),
        },
        "exchanges": [e for r in recordings for e in as_json.document(r.report)["exchanges"]],
        "recordings": [_again(r) for r in recordings],
        "expected": [as_json.expected(one) for one in replay.expected],
        "errors": list(errors),
        "connections": [],
    }


def line(found: Connection) -> str:
    """One connection as a line of JSON, for --jsonl."""
    return json.dumps(_LINE | connection(found)) + "\n"


def last_line(
    replay: Replay, *, exit_code: int, errors: Sequence[str] = (), recordings: Sequence[Recording] = ()
) -> str:
    """The document but for its connections as the line of JSON that ends --jsonl."""
    document = summary(replay, exit_code=exit_code, errors=errors, recordings=recordings)
    del document["connections"]
    return json.dumps(document | {"event": "summary"}) + "\n"


def connection(found: Connection, packets: Sequence[Packet] = ()) -> Document:
    """One connection; ``segments`` only where its packets are given. Times in seconds.

    ``client_steps`` and ``server_steps`` are the states again, each with the packet number from which on it is certain.
    ``blamed`` has the end that each finding stands against.
    """
    document = {
        "file": found.file,
        "index": found.index,
        "client": _endpoint(found.client),
        "server": _endpoint(found.server),
        "packets": found.packets,
        "first_packet": found.first_packet,
        "start": round(found.start, _MICRO),
        "duration": round(found.duration, _MICRO),
        "opener": found.opener,
        "handshake": found.handshake,
        "close": found.close,
        "verdict": found.verdict.value,
        "client_states": [step.state for step in found.client_states],
        "server_states": [step.state for step in found.server_states],
        "client_steps": _steps(found.client_states),
        "server_steps": _steps(found.server_states),
        "evidence": found.evidence,
        "retransmissions": {"syn": found.syn_again, "syn_ack": found.syn_ack_again, "fin": found.fin_again},
        "rtt": None if found.rtt is None else round(found.rtt, 9),
        "conn_state": found.conn_state,
        "history": found.history,
        "completeness": found.completeness,
        "findings": [as_json.finding_document(f) for f in found.findings],
        "blamed": [_endpoint(end) for end in found.blamed],
        "expected": [as_json.known(one) for one in found.known if one is not None],
    }
    return document | ({"segments": [_segment(p, found) for p in packets]} if packets else {})


def _again(recording: Recording) -> Document:
    body = as_json.document(recording.report)
    kept = ("profile", "exit_code", "target", "ip_version", "summary", "counts", "exchanges", "runs", "warnings")
    counts = {word.value: recording.verdicts.get(word, 0) for word in Verdict}
    return {
        "file": recording.file,
        "verdicts": counts,
        "same_verdicts": not recording.differs,
        "differs": list(recording.differs),
    } | {name: body[name] for name in kept}


def _steps(steps: Iterable[StateStep]) -> list[Document]:
    return [{"state": step.state, "packet": step.packet} for step in steps]


def _endpoint(endpoint: Endpoint) -> Document:
    return {"address": endpoint.address, "port": endpoint.port}


def _segment(packet: Packet, found: Connection) -> dict[str, Any]:
    """As a step of a check's document; ``time`` counts from the start of the connection."""
    segment = packet.segment
    return {
        "packet": packet.number,
        "time": round(packet.time - found.start, _MICRO),
        "direction": ">" if packet.from_client else "<",
        "flags": flags_text(segment.flags),
        "seq": int(segment.seq),
        "ack": int(segment.ack) if segment.flags & ACK else None,
        "length": segment.length,
        "window": segment.window,
    }
