"""Transcript and spec to an opinion: what one attempt at an exchange shows, each finding with rule, segment and clause.

One attempt is only an opinion: an exchange is repeated before a suspicion becomes a verdict (``jury``).
"""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.belief.events import Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import LIVE, Doubt
from probe.engine.judge.exercised import close_form, exercised
from probe.engine.judge.findings import departure, unsound, untimely
from probe.engine.judge.segment_size import UNKNOWN, sizes
from probe.results.verdict import CloseForm, Finding, Verdict, Why
from probe.scenarios.steps import WINDOW
from probe.spec.segment import ACK, RST, SYN


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one attempt shows. ``doubt`` is not NONE where the attempt alone does not settle it."""

    word: Verdict
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    rules: tuple[str, ...] = ()
    form: CloseForm = CloseForm.NONE
    doubt: Doubt = Doubt.NONE
    why: Why = Why.NONE


_UNDONE = {
    "S": "opened no connection to us",
    "F": "did not close its side",
    "R": "did not abort",
    "text": "sent nothing",
}


def judge(case: Case) -> Opinion:
    """One attempt, judged."""
    if (nothing := _no_evidence(case)) is not None:
        return nothing
    watch = case.follow(case.terms.profile, case.terms.allow)
    shown = exercised(case.scenario, case.transcript, watch)
    size = sizes(case.scenario, case.transcript, case.version)
    form = close_form(case.transcript)
    if watch.broken_at is not None:
        finding = departure(case, watch)
        # The plainest excuse that would explain it; an application that obeys us aborts for nobody.
        barred = {Excuse.ABORT} if case.obedient else set()
        for rung in LIVE:
            if case.follow(case.terms.profile, case.terms.allow | rung.excuses - barred).broken_at is None:
                return Opinion(finding.word, "", (finding,), shown, form, rung.doubt)
        return Opinion(finding.word, "", (finding,), shown, form, Doubt.UNEXPLAINED)
    # What came too late or not at all: a lost segment or a busy machine can look the same.
    late = list(untimely(case, watch))
    findings = late or list(unsound(case, watch, size))
    if case.transcript.undelivered and (findings or case.transcript.missing):
        return Opinion(Verdict.SKIP, _undelivered(case.transcript), (), shown, form, why=Why.UNREACHABLE)
    if findings:
        word = Verdict.FAIL if any(f.word is Verdict.FAIL for f in findings) else Verdict.WARN
        return Opinion(word, "", tuple(findings), shown, form, Doubt.LOSS if late else Doubt.UNEXPLAINED)
    if missing := next((m for m in case.transcript.missing if m.short), None):
        reason = f"not sent again within {missing.waited:g} s, too short a wait to say that it never is"
        return Opinion(Verdict.INCONCLUSIVE, reason, (), shown, form, why=Why.UNSETTLED)
    if missing := next((m for m in case.transcript.missing if m.application), None):
        reason = f"the application behind the port {_UNDONE[missing.what]} within {missing.waited:g} s"
        return Opinion(Verdict.SKIP, reason, (), shown, form, why=Why.APPLICATION)
    if size is not None and not size.kept:
        return Opinion(Verdict.SKIP, UNKNOWN, (), shown, form, why=Why.MERGED)
    return Opinion(Verdict.PASS, "", (), shown if size is None else (*shown, size.rule), form)


# -- attempts that say nothing about the peer: nobody answered, our own kernel did, the place was never reached --------


def _no_evidence(case: Case) -> Opinion | None:
    """What speaks against judging the attempt at all."""
    scenario, transcript = case.scenario, case.transcript
    if transcript.interrupted:
        return _cannot_tell(Why.INTERRUPTED, "interrupted")
    if transcript.foreign:
        text = transcript.foreign[0].segment.text()
        return _cannot_tell(Why.OWN_KERNEL, f"our own kernel answered ({text}): the guard did not hold the port")
    seen = [event for _, event in transcript.seen()]
    came = next((event.segment for event in seen if not event.to_peer), None)
    if came is None:
        if case.answers:
            return None
        why, reason = Why.NO_ANSWER, "no answer to our SYN"
        if transcript.errors:
            why, reason = Why.UNREACHABLE, str(transcript.errors[-1].icmp)
        elif scenario.opens == "peer":
            why, reason = Why.NOT_OPENED, "the peer opened no connection to us"
        elif scenario.port == "closed":
            why, reason = Why.FILTERED, "filtered: no answer to a SYN"
        return _cannot_tell(why, reason)
    we_open = seen[0].to_peer and seen[0].segment.flags & (SYN | ACK | RST) == SYN
    if scenario.port == "open" and came.flags & RST and we_open:
        return _cannot_tell(Why.REFUSED, "connection refused: nothing listens on the port")
    if scenario.port == "closed" and came.flags & SYN:
        reason = "the port taken for a closed one is open; name one with --closed-port"
        return Opinion(Verdict.SKIP, reason, why=Why.PORT_OPEN)
    if (window := next((m for m in transcript.missing if m.what == WINDOW), None)) is None:
        return None
    # What was to be shown with a closed window was never sent: text that is not taken may be lost, or short of room.
    # A stack may run out of memory before the window it told is full (and Linux does); that is not what is asked here.
    if window.waited:
        return _cannot_tell(Why.WINDOW_FULL, "the text that was to close the peer's window was not acknowledged")
    reason = "the peer's receive window does not close, however much is sent"
    return Opinion(Verdict.SKIP, reason, why=Why.WINDOW_OPEN)


def _undelivered(transcript: Transcript) -> str:
    """What the ICMP error about the last segment of ours that did not arrive says."""
    error = max(transcript.errors, key=lambda e: e.about)
    return f"a segment of ours did not arrive: {error.icmp}"


def _cannot_tell(why: Why, reason: str) -> Opinion:
    return Opinion(Verdict.INCONCLUSIVE, reason, doubt=Doubt.NO_EVIDENCE, why=why)
