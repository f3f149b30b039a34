"""Transcript and spec to an opinion: what one attempt at an exchange shows, each finding with rule, segment and clause.

One attempt is only an opinion: an exchange is repeated before a suspicion becomes a verdict (``jury``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.engine.belief.events import Quiet, Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import Belief, Memory, Terms
from probe.engine.belief.transcript import Missing, Transcript
from probe.engine.belief.watch import Watch, follow
from probe.engine.judge import blame, header
from probe.engine.judge.close_form import close_form
from probe.engine.judge.excuses import LIVE, Doubt
from probe.engine.judge.exercised import exercised
from probe.engine.judge.no_evidence import no_evidence
from probe.engine.judge.segment_size import UNKNOWN, Sizes, sizes
from probe.engine.judge.state_timers import judge_hold
from probe.engine.judge.timers import Late, judge_delayed_acks, judge_full_segments, judge_repeats
from probe.results.verdict import CloseForm, Finding, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.spec import rules
from probe.spec.rules import Level
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq


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


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: the scenario, its record, the belief it started from, and what may be taken for granted.

    ``answers`` says that the peer is known to answer, so that its silence means something; ``version`` is that of IP.
    """

    scenario: Scenario
    transcript: Transcript
    start: Belief
    terms: Terms
    obedient: bool = False
    path_delay: float = 0.0
    answers: bool = False
    version: int = 4
    memory: Memory = field(default_factory=Memory)


def judge(case: Case) -> Opinion:
    """One attempt, judged."""
    if (nothing := no_evidence(case.scenario, case.transcript, answers=case.answers)) is not None:
        word, why, reason = nothing
        doubt = Doubt.NO_EVIDENCE if word is Verdict.INCONCLUSIVE else Doubt.NONE
        return Opinion(word, reason, doubt=doubt, why=why)
    watch = follow(case.transcript.judged, case.start, case.terms, case.memory)
    shown = exercised(case.scenario, case.transcript, watch)
    size = sizes(case.scenario, case.transcript, case.version)
    kind = close_form(case.transcript)
    if watch.broken_at is not None:
        return replace(_departure(case, watch), rules=shown, form=kind)
    if doubtful := _untimely(case, watch):
        return Opinion(_word(doubtful), "", tuple(doubtful), shown, kind, Doubt.LOSS)
    if findings := [*_beside_the_oracle(case, watch), *_too_large(watch, size)]:
        return Opinion(_word(findings), "", tuple(findings), shown, kind, Doubt.UNEXPLAINED)
    absent = _absent_application(case.transcript)
    if absent:
        return Opinion(Verdict.SKIP, absent, (), shown, kind, why=Why.APPLICATION)
    if size is not None and not size.shown:
        return Opinion(Verdict.SKIP, UNKNOWN, (), shown, kind, why=Why.MERGED)
    shown += () if size is None else (size.rule,)
    return Opinion(Verdict.PASS, "", (), shown, kind)


# -- departures from the oracle ----------------------------------------------------------------------------------------


def _departure(case: Case, watch: Watch) -> Opinion:
    """The finding, and the plainest excuse that would explain it; an application that obeys us aborts for nobody."""
    finding = _finding(case, watch)
    barred = {Excuse.ABORT} if case.obedient else set()
    for rung in LIVE:
        terms = Terms(case.terms.profile, case.terms.allow | rung.excuses - barred)
        if follow(case.transcript.judged, case.start, terms, case.memory).broken_at is None:
            return Opinion(finding.word, "", (finding,), doubt=rung.doubt)
    return Opinion(finding.word, "", (finding,), doubt=Doubt.UNEXPLAINED)


def _finding(case: Case, watch: Watch) -> Finding:
    index = watch.broken_at
    assert index is not None
    event = case.transcript.judged[index]
    if isinstance(event, Quiet):
        culprit = blame.for_silence(watch)
        last = next((e for e in reversed(case.transcript.judged[:index]) if isinstance(e, Seen)), None)
        waited = event.time - last.time if last else 0.0
        came, numbers = f"nothing for {waited:.1f} s", (last,) if last else ()
    else:
        numbers = (event,)
        culprit = blame.for_segment(watch, event)
        came = show(watch, event)
        culprit = _of_empty_ack(case, culprit, event)
    if culprit.rule == "simopen.syn-in-synsent" and _asked_first(case, culprit.index):
        culprit = replace(culprit, rule="open.listen-syn-synack")  # a SYN alone where the SYN,ACK was due
    if culprit.rule not in _OWN_NAME:
        culprit = replace(culprit, rule=case.transcript.named.get(culprit.index, culprit.rule))
    asked = case.transcript.judged[culprit.index] if culprit.index >= 0 else None
    sent = show(watch, asked) if isinstance(asked, Seen) else "nothing"
    packets = tuple(e.number for e in (asked, *numbers) if isinstance(e, Seen) and e.number)
    return grade(culprit.rule, sent, culprit.due, came, packets)


_OWN_NAME = {"open.synack-ack-number", "timewait.new-isn-larger", "conn.unexplained"}
"""Departures with a better name than that of the place where they came up."""


def _asked_first(case: Case, index: int) -> bool:
    """Whether our SYN, event ``index``, was on its way before any SYN of the peer."""
    return not any(not e.to_peer and e.segment.flags & SYN for i, e in case.transcript.seen() if i < index)


def _of_empty_ack(case: Case, culprit: blame.Blame, came: Seen) -> blame.Blame:
    """An ACK that answers an acceptable empty ACK, which draws nothing, by its own name (RFC 9293 section 3.5)."""
    asked = case.transcript.judged[culprit.index] if culprit.index >= 0 else None
    kinds = [e.segment.flags & (SYN | FIN | RST | ACK) | e.segment.length for e in (asked, came) if isinstance(e, Seen)]
    empty = kinds == [ACK, ACK] and not culprit.owed
    return replace(culprit, rule="seg.pure-ack-silent") if empty else culprit


def show(watch: Watch, event: Seen) -> str:
    """A segment with numbers relative to the ISNs of the connection, in tcpdump's notation."""
    return watch.numbers.text(event.segment, event.to_peer)


def grade(rule_id: str, sent: str, due: str, came: str, packets: tuple[int, ...]) -> Finding:
    """A finding with level and clause from the catalogue."""
    rule = rules.ALL[rule_id]
    return Finding(rule.id, Level(rule.level), rule.source, sent, due, came, packets, bool(rule.custom))


# -- what the oracle cannot know ---------------------------------------------------------------------------------------


def _untimely(case: Case, watch: Watch) -> list[Finding]:
    """What came too late or not at all; a lost segment or a busy machine can look the same."""
    late = [item for repeats in case.scenario.repeats for item in judge_repeats(case.transcript, repeats)]
    late += judge_delayed_acks(case.transcript, watch, case.path_delay)
    late += judge_full_segments(case.transcript, case.path_delay)
    late += judge_hold(case.transcript, case.scenario) if case.scenario.expires else []
    found = [_late(case, item) for item in late]
    absent = [m for m in case.transcript.missing if m.rule and (case.obedient or not m.application)]
    return found + [_absent(case, watch, m) for m in absent]


def _beside_the_oracle(case: Case, watch: Watch) -> list[Finding]:
    same = _same_isns(case) if case.scenario.distinct_isns else []
    return _handshake_data(case, watch) + same + _malformed(case, watch)


def _malformed(case: Case, watch: Watch) -> list[Finding]:
    """What is wrong with the form of a segment, each rule once; a SHOULD only where the scenario asks for it."""
    found: dict[str, Finding] = {}
    for item in header.malformed(case.transcript):
        strict = rules.ALL[item.rule].severity == "fail"
        if strict or item.rule in case.scenario.shows:
            sent = show(watch, item.asked) if item.asked is not None else "any segment"
            packets = tuple(e.number for e in (item.asked, item.culprit) if e is not None and e.number)
            found.setdefault(item.rule, grade(item.rule, sent, item.due, item.came, packets))
    return list(found.values())


def _too_large(watch: Watch, size: Sizes | None) -> list[Finding]:
    """A segment larger than our MSS, or than the default (RFC 9293 section 3.7.1)."""
    if size is None or size.large is None:
        return []
    packets = tuple(e.number for e in (size.asked, size.large) if e.number)
    due = f"at most {size.limit} octets a segment, less its options"
    return [grade(size.rule, show(watch, size.asked), due, show(watch, size.large), packets)]


def _late(case: Case, late: Late) -> Finding:
    events = [case.transcript.judged[i] for i in late.events]
    packets = tuple(e.number for e in events if isinstance(e, Seen) and e.number)
    return grade(late.rule, "nothing (waited)", late.due, late.came, packets)


def _absent(case: Case, watch: Watch, missing: Missing) -> Finding:
    seen = [e for e in case.transcript.judged[: missing.index + 1] if isinstance(e, Seen)]
    last = seen[-1]
    asked = next((e for e in reversed(seen) if e.to_peer), None)
    due = _AWAITED.get(missing.what, missing.what)
    came = f"nothing for {missing.waited:g} s"
    if not last.to_peer:
        came = f"{show(watch, last)}, then {came}"
    packets = (last.number,) if last.number else ()
    return grade(missing.rule, show(watch, asked) if asked else "nothing (waited)", due, came, packets)


_AWAITED = {
    "S": "the SYN again",
    "S.": "the SYN,ACK again",
    "F": "the FIN",
    "R": "a RST",
    "text": "data",
    ".": "an ACK of all we sent",
}
_UNDONE = {
    "S": "opened no connection to us",
    "F": "did not close its side",
    "R": "did not abort",
    "text": "sent nothing",
}


def _handshake_data(case: Case, watch: Watch) -> list[Finding]:
    """The documented handshake carries no data; the RFC allows it, so this is the mildest word (3.5)."""
    opener = next((e for _, e in case.transcript.seen() if e.to_peer and e.segment.flags & SYN), None)
    answer = next((e for _, e in case.transcript.seen() if not e.to_peer and e.segment.flags & SYN), None)
    if opener is None or answer is None or opener.segment.length or not answer.segment.length:
        return []
    packets = (answer.number,) if answer.number else ()
    return [grade("open.no-data-in-handshake", show(watch, opener), "no data", show(watch, answer), packets)]


def _same_isns(case: Case) -> list[Finding]:
    answers = [e for _, e in case.transcript.seen() if not e.to_peer and e.segment.flags & SYN]
    fresh: dict[Seq, Seen] = {}
    for event in answers:
        fresh.setdefault(event.segment.ack, event)
    isns = {event.segment.seq for event in fresh.values()}
    if len(fresh) < 2 or len(isns) == len(fresh):
        return []
    packets = tuple(e.number for e in fresh.values() if e.number)
    return [grade("isn.differs", "S, R, S", "two ISNs", f"ISN {int(next(iter(isns)))} twice", packets)]


def _absent_application(transcript: Transcript) -> str:
    """Why an exchange stopped short because of the peer's application, or an empty string."""
    for missing in transcript.missing:
        if missing.application:
            return f"the application behind the port {_UNDONE[missing.what]} within {missing.waited:g} s"
    return ""


def _word(findings: list[Finding]) -> Verdict:
    return Verdict.FAIL if any(f.word is Verdict.FAIL for f in findings) else Verdict.WARN
