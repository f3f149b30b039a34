"""What every command found as plain data: the JSON names that scripts rely on (README.md, results.schema.json)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from probe.reports.document import Data, Rows
from probe.results.answers import Compliance, Summary
from probe.results.connection import Connection, IcmpReport, Packet, Recording, Replay, StateStep
from probe.results.ending import ABOUT, Caused, Trouble, sentence
from probe.results.learned import Learned
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.path import Path
from probe.results.proofs import CapturedEnd
from probe.results.verdict import ExchangeResult, Expected, Finding, Known, Report, Run, Verdict
from probe.spec.segment import ACK, Endpoint, Segment, flags_text

SCHEMA_VERSION = 1
_MICRO = 6
_ANSWERS = ("three_way", "close_by_us", "close_by_peer")
_WORST_FIRST = (Compliance.NOT_FOLLOWED, Compliance.INCONCLUSIVE, Compliance.SKIPPED, Compliance.FOLLOWED)


def envelope(command: str, profile: str, exit_code: int) -> Data:
    """What every document of every command begins with."""
    return {"schema_version": SCHEMA_VERSION, "command": command, "profile": profile, "exit_code": exit_code}


def _fields(record: object, *names: str) -> Data:
    """What a record has under these names; JSON has no tuples, enums are their words, an IP version 0 is none."""
    found = ((name, getattr(record, name)) for name in names)
    data = {name: list(value) if isinstance(value, tuple) else value for name, value in found}
    return data | {name: data[name] or None for name in names if name == "ip_version"}


def known(one: Known) -> Data:
    """An expected deviation at an exchange where it occurs."""
    return _fields(one, "rule", "date", "reason")


def expected(one: Expected) -> Data:
    """An expected deviation of the run, and what became of it."""
    return _fields(one, "exchange", "rule", "target", "ip_version", "date", "reason", "fate")


def check(report: Report) -> Data:
    """A check, or what listening found.

    ``target``, ``ip_version`` and ``profile`` are single values where there is only one, else lists of each once;
    ``summary`` is the worst of the runs; every exchange names its own target and IP version.
    """
    return {
        **envelope(report.command, report.profile, report.exit_code),
        "profile": _only([run.profile or report.profile for run in report.runs] or [report.profile]),
        "interrupted": report.interrupted,
        "target": _only([run.target for run in report.runs]),
        "ip_version": _only([run.ip_version for run in report.runs]),
        "summary": _summary([run.summary for run in report.runs]),
        "counts": _counts(report.exchanges),
        "exchanges": [exchange(e, run) for run in report.runs for e in run.exchanges],
        "runs": [check_run(run, report.profile) for run in report.runs],
        "unchecked": [_fields(one, "target", "ip_version", "name", "reason") for one in report.unchecked],
        "expected": [expected(one) for one in report.expected],
        "warnings": [*report.warnings, *(w for run in report.runs for w in run.warnings)],
        "errors": [],
    }


def _only(values: list[Any]) -> Any:  # noqa: ANN401  # strings or numbers, as the caller has them
    distinct = list(dict.fromkeys(values))
    return distinct[0] if len(distinct) == 1 else distinct


def _counts(results: Sequence[ExchangeResult | CellResult]) -> dict[str, int]:
    """By verdict; those that deviated in expected ways only are counted for themselves."""
    counts = Counter(one.news for one in results if not one.expected)
    return {word.value: counts[word] for word in Verdict} | {"expected": len(results) - counts.total()}


def _summary(summaries: list[Summary]) -> dict[str, str]:
    """Of each answer the one that outweighs the others, as verdicts do; ``inconclusive`` where nothing ran."""
    return {
        name: min((getattr(one, name) for one in summaries), key=_WORST_FIRST.index, default=Compliance.INCONCLUSIVE)
        for name in _ANSWERS
    }


def check_run(run: Run, profile: str = "", *, exchanges: bool = True) -> Data:
    """One run, with its exchanges if wanted; ``profile`` is the report's."""
    return {
        **_fields(run, "target", "ip_version", "name"),
        "profile": run.profile or profile,
        "trigger": run.trigger,
        "summary": _summary([run.summary]),
        "reasons": dict(zip(_ANSWERS, run.summary.reasons, strict=True)),
        "around": _fields(run.summary.around, "exchanges", "odd", "fail", "warn")
        | {"rules": dict(run.summary.around.rules)},
        # The exchanges on either side, where the peer takes both readings.
        "mixed": run.mixed and {"rfc5961": list(run.mixed.mitigated), "classic": list(run.mixed.classic)},
        "path": run.path and path(run.path),
        "learned": run.learned and learned(run.learned),
        "seconds": round(run.seconds, _MICRO),
        **_fields(run, "interrupted", "late", "warnings"),
        "counts": _counts(run.exchanges),
        **({"exchanges": [exchange(e, run) for e in run.exchanges]} if exchanges else {}),
    }


def path(found: Path) -> Data:
    """What a run found out about the path; ``bound`` is the largest loss that is still credible."""
    return {"loss": plain(found.loss) | {"bound": found.loss.bound}, "suspicions": plain(found.suspicions)}


def learned(found: Learned) -> Data:
    """What a run learned of the peer's ways; times in seconds."""
    return {
        "waits": _times(plain(found.waits)),
        "questions": [_times(plain(one)) for one in found.questions],
        **_times(_fields(found, "round_trip", "usual", "application")),
        "repetitions": _times(dict(found.repetitions)),
        **_fields(found, "mtu", "twice", "given"),
    }


def _times(told: Mapping[str, Any]) -> Data:
    return {name: round(value, _MICRO) if isinstance(value, float) else value for name, value in told.items()}


def plain(record: Any) -> Any:  # noqa: ANN401  # records in, what JSON has out
    """A record of ``probe.results`` whose fields have the names of the JSON document, and all that is in it."""
    if is_dataclass(record):
        return {one.name: plain(getattr(record, one.name)) for one in fields(record)}
    return [plain(one) for one in record] if isinstance(record, tuple) else record


def exchange(result: ExchangeResult, run: Run | None = None) -> Data:
    """One exchange; ``run`` names target and IP version where the result does not.

    ``departures`` only where a captured connection was re-enacted: where the live exchange left the capture.
    """
    departures = [_fields(one, "step", "captured", "live") for one in result.departures]
    return {
        **_fields(result, "id", "title"),
        "target": result.target or (run.target if run else ""),
        "ip_version": result.ip_version or (run.ip_version if run else 0),
        **_fields(result, "verdict", "reason", "clause", "form", "rules", "attempts", "passed", "deviated"),
        "expected": [known(one) for one in result.known],
        "flow": result.flow,
        "isns": dict(zip(("tester", "peer"), result.isns, strict=True)),
        "started": result.steps[0].time if result.steps else None,
        # Times from the first step on; seq and ack as on the wire, the segment relative to the ISNs.
        "steps": [
            {
                "time": round(step.time - result.steps[0].time, _MICRO),
                "direction": step.direction,
                "segment": step.text,
                **_numbers(step.segment),
                "peer_states": list(step.peer_states),
                "kernel_state": step.kernel_state,
                "note": step.origin.text,
                "packet": step.number or None,
            }
            for step in result.steps
        ],
        "findings": [finding(one) for one in result.findings],
        "notes": [finding(one) for one in result.notes],
        "proofs": plain(result.proofs),
        **({"departures": departures} if result.captured else {}),
    }


def _numbers(segment: Segment) -> Data:
    return {
        "flags": flags_text(segment.flags),
        "seq": int(segment.seq),
        "ack": int(segment.ack) if segment.flags & ACK else None,
        "length": segment.length,
        "window": segment.window,
    }


def finding(one: Finding) -> Data:
    """A finding, as every command writes it."""
    told = {"rule": one.rule, "level": one.level_text, "word": one.word, "effect": one.effect}
    return told | _fields(one, "clause", "sent", "due", "came", "packets")


def matrix(report: MatrixReport) -> Data:
    """A matrix."""
    return {
        **envelope("matrix", report.profile, report.exit_code),
        "interrupted": report.interrupted,
        "counts": _counts(report.cells),
        "runs": [matrix_run(run) for run in report.runs],
        "cells": [cell(one, run) for run in report.runs for one in run.cells],
        "ways": [
            {"target": run.target} | _fields(way, "ip_version", "state", "way", "verdict", "reason", "unanswered")
            for run in report.runs
            for way in run.ways
        ],
        "warnings": [warning for run in report.runs for warning in run.warnings],
        "expected": [expected(one) for one in report.expected],
        "errors": [],
    }


def matrix_run(run: MatrixRun) -> Data:
    """One run without its cells."""
    return {
        **_fields(run, "target", "ip_version", "trigger", "connections"),
        "path": run.path and path(run.path),
        "learned": run.learned and learned(run.learned),
        "seconds": round(run.seconds, _MICRO),
        **_fields(run, "interrupted", "late"),
    }


def cell(one: CellResult, run: MatrixRun) -> Data:
    """``seq`` and ``ack`` are named in the RFC's variables of the peer; the segments are relative to the ISNs."""
    return {
        "target": run.target,
        "cell": one.id,
        **_fields(one, "ip_version", "state", "way", "segment", "seq", "ack", "payload", "verdict", "reason", "rule"),
        **_fields(one, "level", "clause", "sent", "due", "came", "next_states", "kernel_state", "attempts"),
        "expected": [known(entry) for entry in one.known],
        "effect": one.findings[0].effect if one.findings else "",
        "notes": [finding(note) for note in one.notes],
        "packets": [number for finding in one.findings for number in finding.packets],
        "proofs": plain(one.proofs),
    }


def _recorded(one: Recording) -> Data:
    """A recording judged again, as the command that made it reports it."""
    kept = ["profile", "exit_code", "target", "ip_version", "summary", "counts", "exchanges", "runs", "warnings"]
    body = check(one.report)
    if one.matrix is not None:
        kept = ["profile", "exit_code", "counts", "cells", "ways", "runs", "warnings"]
        body |= matrix(one.matrix)
    verdicts = {
        "file": one.file,
        "verdicts": {word.value: one.verdicts.get(word, 0) for word in Verdict},
        "same_verdicts": not one.differs,
        "differs": list(one.differs),
    }
    return verdicts | {name: body[name] for name in kept}


def replay(whole: Replay, recordings: Sequence[Recording], connections: Iterable[Data | str]) -> Data:
    """Captures by connections, and recordings by exchanges or cells, each as its own command reports it."""
    told = [_recorded(one) for one in recordings]
    return {
        **envelope("replay", whole.profile, whole.exit_code),
        "interrupted": whole.interrupted,
        "late": whole.late,
        "files": list(whole.files),
        "records": whole.records,
        "seconds": round(whole.seconds, _MICRO),
        "skipped": dict(whole.skipped),
        "faults": [{"file": file, "offset": offset, "reason": reason} for file, offset, reason in whole.faults],
        "counts": {
            "connections": whole.connections,
            "outcomes": {f"{handshake}, {close}": count for (handshake, close), count in whole.counts.items()},
            "verdicts": {word.value: whole.verdicts.get(word, 0) for word in Verdict},
            "expected": whole.known,
            "evidence": dict(whole.evidence),
            "oddities": dict(whole.oddities),
        },
        "timeline": plain(whole.timeline),
        "trouble": [_trouble(one) for one in whole.troubles],
        "suspicions": [plain(one) for one in whole.suspicions],
        "exchanges": [e for one in told for e in one.get("exchanges", ())],
        "recordings": told,
        "expected": [expected(one) for one in whole.expected],
        "errors": [],
        "connections": Rows(connections),
    }


def _trouble(one: Trouble) -> Data:
    """Connections that ended badly in one way; times in seconds since the epoch."""
    return {
        "server": _endpoint(one.server),
        "causes": [_cause(cause) for cause in one.causes],
        "text": sentence(one.causes),
        "count": one.count,
        "of": one.of or None,
        "answered": one.answered if one.of else None,
        "first": round(one.first, _MICRO),
        "last": round(one.last, _MICRO),
        "file": one.file,
        "index": one.index,
    }


def _cause(one: Caused) -> Data:
    return {"cause": one.cause, "by": one.by or None, "clause": ABOUT[one.cause].clause}


def causes(found: Sequence[Caused]) -> list[Data]:
    """Why a connection ended."""
    idle = [None if one.idle is None else round(one.idle, _MICRO) for one in found]
    return [
        _cause(one) | {"times": one.times, "idle": silence, "text": one.text}
        for one, silence in zip(found, idle, strict=True)
    ]


def connection_line(found: Connection) -> Data:
    """One connection as a line of --jsonl."""
    return {"schema_version": SCHEMA_VERSION, "command": "replay", "event": "connection"} | connection(found)


def connection(found: Connection, packets: Sequence[Packet] = (), ends: Sequence[CapturedEnd] = ()) -> Data:
    """One connection; ``segments`` only where its packets are given, ``ends`` where it was asked why. Times in seconds.

    ``client_steps`` and ``server_steps`` are the states again, each with the packet number from which on it is certain.
    ``blamed`` has the end that each finding stands against.
    """
    data: Data = {
        "file": found.file,
        "index": found.index,
        "client": _endpoint(found.client),
        "server": _endpoint(found.server),
        "packets": found.packets,
        "first_packet": found.first_packet,
        "start": round(found.start, _MICRO),
        "duration": round(found.duration, _MICRO),
        "opener": found.opener,  # named one by one: there may be millions
        "handshake": found.handshake,
        "close": found.close,
        "verdict": found.verdict.value,
        **_states("client", found.client_states),
        **_states("server", found.server_states),
        "evidence": found.evidence,
        "retransmissions": {"syn": found.syn_again, "syn_ack": found.syn_ack_again, "fin": found.fin_again},
        "rtt": None if found.rtt is None else round(found.rtt, 9),
        "conn_state": found.conn_state,
        "history": found.history,
        "completeness": found.completeness,
        "icmp": [_icmp(one, found.start) for one in found.icmp],
        "oddities": [_fields(one, "kind", "packet") for one in found.oddities],
        "causes": causes(found.causes),
        "stopped": None if found.stopped is None else plain(found.stopped),
        "artefacts": [one.value for one in found.artefacts],
        "doubtful": [finding(one) for one in found.doubtful],
        "findings": [finding(one) for one in found.findings],
        "blamed": [_endpoint(end) for end in found.blamed],
        "expected": [known(one) for one in found.known if one is not None],
    }
    if packets:  # as the steps of a check; times count from the start of the connection
        data["segments"] = [_segment(packet, found.start) for packet in packets]
    return data | ({"ends": plain(tuple(ends))} if ends else {})


def _segment(packet: Packet, start: float) -> Data:
    time = round(packet.time - start, _MICRO)
    return {"packet": packet.number, "time": time, "direction": "<>"[packet.from_client]} | _numbers(packet.segment)


def _icmp(one: IcmpReport, start: float) -> Data:
    """An ICMP error: who sent it, what it says, and whose segment it is about; its packet and time where known."""
    told = _fields(one.icmp, "host", "type", "code", "mtu")
    told |= {"text": one.icmp.words, "about": "client" if one.about_client else "server"}
    return told | ({"packet": one.packet, "time": round(one.time - start, _MICRO)} if one.packet else {})


def _states(end: str, steps: Iterable[StateStep]) -> Data:
    told = [{"state": step.state, "packet": step.packet} for step in steps]
    return {f"{end}_states": [step["state"] for step in told], f"{end}_steps": told}


def _endpoint(endpoint: Endpoint) -> Data:
    return {"address": endpoint.address, "port": endpoint.port}


def event(kind: str, command: str, time: float, body: Data) -> Data:
    """One event; ``time`` in seconds since the epoch."""
    return {"schema_version": SCHEMA_VERSION, "command": command, "event": kind, "time": round(time, _MICRO)} | body
