"""A run as lines of JSON, one an event, each complete in itself: begun, exchange, ended, summary."""

from __future__ import annotations

import json
from collections.abc import Sequence

from probe.reports import as_json
from probe.reports.as_json import SCHEMA_VERSION, Document
from probe.results.verdict import ExchangeResult, Report, Run


def event(kind: str, command: str, time: float, body: Document) -> str:
    """One line; ``time`` in seconds since the epoch."""
    head = {"schema_version": SCHEMA_VERSION, "command": command, "event": kind, "time": round(time, 6)}
    return json.dumps(head | body) + "\n"


def begun(command: str, time: float, target: str, ip_version: int, name: str = "") -> str:
    """A target's check begins. ``ip_version`` is 0 where the target is not known yet."""
    return event("begun", command, time, {"target": target, "ip_version": ip_version or None, "name": name})


def exchange(command: str, time: float, result: ExchangeResult) -> str:
    """An exchange has its verdict, which nothing can change any more."""
    return event("exchange", command, time, as_json.exchange(result))


def ended(command: str, time: float, run: Run) -> str:
    """A target's check is over."""
    found = as_json.run_document(run)
    del found["exchanges"]
    return event("ended", command, time, found | {"trouble": run.trouble})


def summary(report: Report, time: float, *, exit_code: int, errors: Sequence[str] = ()) -> str:
    """The last line: the document of --json without its exchanges."""
    found = as_json.document(report, exit_code=exit_code, errors=errors)
    left_out = ("schema_version", "command", "exchanges", "runs")
    return event("summary", report.command, time, {key: v for key, v in found.items() if key not in left_out})
