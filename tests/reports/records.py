"""Verdict records by hand: exchanges as a check would report them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from probe.results.answers import Compliance, Summary
from probe.results.verdict import ExchangeResult, Finding, Origin, Report, Run, Step, Verdict
from probe.spec.rules import Level
from probe.spec.segment import Segment, parse_flags
from probe.spec.seq import Seq

UNKNOWN = Origin()
FOLLOWED = Summary(Compliance.FOLLOWED, Compliance.FOLLOWED, Compliance.FOLLOWED)


def step(
    direction: str,
    flags: str,
    states: str,
    *,
    at: float = 0.0,
    text: str = "",
    origin: Origin = UNKNOWN,
    number: int = 0,
) -> Step:
    """One step; ``states`` are separated by blanks."""
    segment = Segment(Seq(1000), Seq(2000), parse_flags(flags))
    shown = text or f"{flags} seq 1"
    return Step(1700000000.0 + at, direction, segment, shown, tuple(states.split()), None, origin, number)


HANDSHAKE = (
    step(">", "S", "CLOSED LISTEN SYN-RECEIVED", text="S seq 0", number=1),
    step("<", "S.", "SYN-RECEIVED", at=0.001, text="S. seq 0 ack 1", origin=Origin(("L4",)), number=2),
    step(">", ".", "SYN-RECEIVED ESTABLISHED", at=0.0012, text=". seq 1 ack 1", number=3),
    step("<", ".", "ESTABLISHED", at=0.0025, text=". seq 1 ack 1", origin=Origin(("F4",)), number=4),
)
UNANSWERED = Finding(
    "close.fin-acked", Level.SPEC, "RFC 9293 3.6 case 2", "F. seq 1 ack 1", ". seq 1 ack 2", "nothing for 1.0 s", (3, 4)
)


def exchange(name: str = "open", verdict: Verdict = Verdict.PASS, **fields: Any) -> ExchangeResult:  # noqa: ANN401
    """An exchange of that id; a handshake's steps unless others are given."""
    plain = ExchangeResult(
        name, f"title of {name}", verdict, steps=HANDSHAKE, flow="192.0.2.2:5000 > 192.0.2.1:80", clause="RFC 9293 3.6"
    )
    return replace(plain, **fields)


def run(*exchanges: ExchangeResult, target: str = "192.0.2.1:80", version: int = 4, **fields: Any) -> Run:  # noqa: ANN401
    """One target's run."""
    return replace(Run(target, version, FOLLOWED, exchanges, seconds=1.5), **fields)


def report(*runs: Run, **fields: Any) -> Report:  # noqa: ANN401
    """A report of a check."""
    return replace(Report("check", "rfc9293", runs), **fields)
