"""The JSON document of a check: the names scripts rely on are listed in probe/reports/README.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from probe.results.verdict import (
    Compliance,
    ExchangeResult,
    Expected,
    Finding,
    Known,
    Mixed,
    Report,
    Run,
    Step,
    Summary,
    Unchecked,
    Verdict,
)
from probe.spec.segment import ACK, flags_text

SCHEMA_VERSION = 1
_WORST_FIRST = (Compliance.NOT_FOLLOWED, Compliance.INCONCLUSIVE, Compliance.SKIPPED, Compliance.FOLLOWED)

Document = dict[str, Any]


def envelope(command: str, profile: str, exit_code: int) -> Document:
    """What every document of every command begins with."""
    return {"schema_version": SCHEMA_VERSION, "command": command, "profile": profile, "exit_code": exit_code}


def dumps(document: Document) -> str:
    """The document as text, with a line feed at its end."""
    return json.dumps(document, indent=2) + "\n"


def render(report: Report, *, exit_code: int | None = None, errors: Sequence[str] = ()) -> str:
    """The report as one JSON document; ``exit_code`` is the report's own unless an error outside it changed it."""
    return dumps(document(report, exit_code=exit_code, errors=errors))


def document(report: Report, *, exit_code: int | None = None, errors: Sequence[str] = ()) -> Document:
    """The report as plain lists, dicts and numbers.

    ``target``, ``ip_version`` and ``profile`` are single values where there is only one, else lists of each once;
    ``summary`` is the worst of the runs; every exchange names its own target and IP version.
    """
    code = report.exit_code if exit_code is None else exit_code
    return {
        **envelope(report.command, report.profile, code),
        "profile": _only([run.profile or report.profile for run in report.runs] or [report.profile]),
        "interrupted": report.interrupted,
        "target": _only([run.target for run in report.runs]),
        "ip_version": _only([run.ip_version for run in report.runs]),
        "summary": _summary([run.summary for run in report.runs]),
        "counts": _counts(report.exchanges),
        "exchanges": [exchange(e, run) for run in report.runs for e in run.exchanges],
        "runs": [run_document(run, report.profile) for run in report.runs],
        "unchecked": [_unchecked(one) for one in report.unchecked],
        "expected": [expected(one) for one in report.expected],
        "warnings": [*report.warnings, *(w for run in report.runs for w in run.warnings)],
        "errors": list(errors),
    }


def _only(values: list[Any]) -> Any:  # noqa: ANN401  # strings or numbers, as the caller has them
    distinct = list(dict.fromkeys(values))
    return distinct[0] if len(distinct) == 1 else distinct


def _counts(exchanges: Sequence[ExchangeResult]) -> dict[str, int]:
    """Exchanges by verdict; those that deviated in expected ways only are counted for themselves."""
    verdicts = [e.news for e in exchanges if not e.expected]
    return {word.value: verdicts.count(word) for word in Verdict} | {"expected": len(exchanges) - len(verdicts)}


def _summary(summaries: list[Summary]) -> dict[str, str]:
    return {
        "three_way": _worst([s.three_way for s in summaries]),
        "close_by_us": _worst([s.close_by_us for s in summaries]),
        "close_by_peer": _worst([s.close_by_peer for s in summaries]),
    }


def _worst(words: list[str]) -> str:
    """The word that outweighs the others, as verdicts do; ``inconclusive`` where nothing ran."""
    return min(words, key=_WORST_FIRST.index, default="inconclusive")


def run_document(run: Run, profile: str = "") -> Document:
    """One run; ``profile`` is the report's."""
    return {
        "target": run.target,
        "ip_version": run.ip_version,
        "name": run.name,
        "profile": run.profile or profile,
        "summary": _summary([run.summary]),
        "mixed": _mixed(run.mixed),
        "seconds": round(run.seconds, 6),
        "interrupted": run.interrupted,
        "late": run.late,
        "warnings": list(run.warnings),
        "counts": _counts(run.exchanges),
        "exchanges": [exchange(e, run) for e in run.exchanges],
    }


def known(one: Known) -> Document:
    """An expected deviation at an exchange where it occurs."""
    return {"rule": one.rule, "date": one.date, "reason": one.reason}


def expected(one: Expected) -> Document:
    """An expected deviation of the run, and what became of it."""
    return {
        "exchange": one.exchange,
        "rule": one.rule,
        "target": one.target,
        "ip_version": one.ip_version or None,
        "date": one.date,
        "reason": one.reason,
        "fate": one.fate.value,
    }


def _unchecked(one: Unchecked) -> Document:
    return {"target": one.target, "ip_version": one.ip_version or None, "name": one.name, "reason": one.reason}


def _mixed(mixed: Mixed | None) -> Document | None:
    """The exchanges on either side, where the peer takes both readings."""
    return None if mixed is None else {"rfc5961": list(mixed.mitigated), "classic": list(mixed.classic)}


def exchange(result: ExchangeResult, run: Run | None = None) -> Document:
    """One exchange; ``run`` names target and IP version where the result does not."""
    start = result.steps[0].time if result.steps else None
    return {
        "id": result.id,
        "title": result.title,
        "target": result.target or (run.target if run else ""),
        "ip_version": result.ip_version or (run.ip_version if run else 0),
        "verdict": result.verdict.value,
        "reason": result.reason,
        "clause": result.clause,
        "form": result.form,
        "rules": list(result.rules),
        "attempts": result.attempts,
        "passed": result.passed,
        "deviated": result.deviated,
        "expected": [known(one) for one in result.known],
        "flow": result.flow,
        "isns": dict(zip(("tester", "peer"), result.isns, strict=True)),
        "started": start,
        "steps": [_step(s, start or 0.0) for s in result.steps],
        "findings": [finding_document(f) for f in result.findings],
        **_reenactment(result),
    }


def _reenactment(result: ExchangeResult) -> Document:
    """Only where a captured connection was re-enacted: where the live exchange left the capture."""
    if not result.captured:
        return {}
    return {"departures": [{"step": d.step, "captured": d.captured, "live": d.live} for d in result.departures]}


def _step(step: Step, start: float) -> Document:
    """``time`` in seconds since the first step; ``seq``, ``ack`` as on the wire, ``segment`` relative to the ISNs."""
    return {
        "time": round(step.time - start, 6),
        "direction": step.direction,
        "segment": step.text,
        "flags": flags_text(step.segment.flags),
        "seq": int(step.segment.seq),
        "ack": int(step.segment.ack) if step.segment.flags & ACK else None,
        "length": step.segment.length,
        "window": step.segment.window,
        "peer_states": list(step.peer_states),
        "kernel_state": step.kernel_state,
        "note": step.origin.text,
        "packet": step.number or None,
    }


def finding_document(finding: Finding) -> Document:
    """A finding, as every command writes it."""
    return {
        "rule": finding.rule,
        "level": finding.level_text,
        "clause": finding.clause,
        "sent": finding.sent,
        "due": finding.due,
        "came": finding.came,
        "packets": list(finding.packets),
    }
