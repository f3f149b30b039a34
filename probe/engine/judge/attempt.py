"""Transcript and spec to an opinion: what one attempt at an exchange shows, each finding with rule, segment and clause.

One attempt is only an opinion: an exchange is repeated before a suspicion becomes a verdict (``jury``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from probe.engine.belief.events import Event, Quiet, Seen, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import Belief, Memory, Terms
from probe.engine.belief.watch import Watch, follow
from probe.engine.judge import blame, header, timers
from probe.engine.judge.excuses import LIVE, Doubt
from probe.engine.judge.exercised import close_form, exercised
from probe.engine.judge.segment_size import UNKNOWN, Sizes, sizes
from probe.results.verdict import CloseForm, Finding, Verdict, Why
from probe.scenarios.steps import WINDOW, Scenario
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

    def follow(self, profile: str, allow: frozenset[Excuse]) -> Watch:
        """The record from its start, under these terms."""
        return follow(self.transcript.judged, self.start, Terms(profile, allow), self.memory)


def judge(case: Case) -> Opinion:
    """One attempt, judged."""
    if (nothing := _no_evidence(case)) is not None:
        return nothing
    watch = case.follow(case.terms.profile, case.terms.allow)
    shown = exercised(case.scenario, case.transcript, watch)
    size = sizes(case.scenario, case.transcript, case.version)
    form = close_form(case.transcript)
    if watch.broken_at is not None:
        finding = _departure(case, watch)
        # The plainest excuse that would explain it; an application that obeys us aborts for nobody.
        barred = {Excuse.ABORT} if case.obedient else set()
        for rung in LIVE:
            if case.follow(case.terms.profile, case.terms.allow | rung.excuses - barred).broken_at is None:
                return Opinion(finding.word, "", (finding,), shown, form, rung.doubt)
        return Opinion(finding.word, "", (finding,), shown, form, Doubt.UNEXPLAINED)
    # What came too late or not at all: a lost segment or a busy machine can look the same.
    late = list(_untimely(case, watch))
    findings = late or list(_unsound(case, watch, size))
    if findings:
        word = Verdict.FAIL if any(f.word is Verdict.FAIL for f in findings) else Verdict.WARN
        return Opinion(word, "", tuple(findings), shown, form, Doubt.LOSS if late else Doubt.UNEXPLAINED)
    if missing := next((m for m in case.transcript.missing if m.application), None):
        reason = f"the application behind the port {_UNDONE[missing.what]} within {missing.waited:g} s"
        return Opinion(Verdict.SKIP, reason, (), shown, form, why=Why.APPLICATION)
    if size is not None and not size.kept:
        return Opinion(Verdict.SKIP, UNKNOWN, (), shown, form, why=Why.MERGED)
    return Opinion(Verdict.PASS, "", (), shown if size is None else (*shown, size.rule), form)


def show(watch: Watch, event: Seen) -> str:
    """A segment with numbers relative to the ISNs of the connection, in tcpdump's notation."""
    return watch.numbers.text(event.segment, event.to_peer)


def grade(rule_id: str, sent: str, due: str, came: str, packets: tuple[int, ...]) -> Finding:
    """A finding with level and clause from the catalogue."""
    rule = rules.ALL[rule_id]
    return Finding(rule.id, Level(rule.level), rule.source, sent, due, came, packets, bool(rule.custom))


def _numbers(*events: Event | None) -> tuple[int, ...]:
    """The packet numbers of segments in the recording."""
    return tuple(e.number for e in events if isinstance(e, Seen) and e.number)


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
        if scenario.opens == "peer":
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


def _cannot_tell(why: Why, reason: str) -> Opinion:
    return Opinion(Verdict.INCONCLUSIVE, reason, doubt=Doubt.NO_EVIDENCE, why=why)


# -- departures from the oracle ----------------------------------------------------------------------------------------

_OWN_NAME = {"open.synack-ack-number", "timewait.new-isn-larger", "conn.unexplained"}
"""Departures with a better name than that of the place where they came up."""


def _departure(case: Case, watch: Watch) -> Finding:
    """The event that no history explains, under the name of the rule it breaks."""
    record, index = case.transcript.judged, watch.broken_at
    assert index is not None
    event = record[index]
    if isinstance(event, Quiet):
        culprit = blame.for_silence(watch)
        shown = next((e for e in reversed(record[:index]) if isinstance(e, Seen)), None)
        came = f"nothing for {event.time - shown.time if shown else 0.0:.1f} s"
    else:
        culprit, shown, came = blame.for_segment(watch, event), event, show(watch, event)
    asked = record[culprit.index] if culprit.index >= 0 else None
    rule = culprit.rule
    if not culprit.owed and _is_empty(asked) and _is_empty(event):
        rule = "seg.pure-ack-silent"  # an acceptable empty ACK draws nothing (RFC 9293 section 3.5)
    opened = any(not e.to_peer and e.segment.flags & SYN for i, e in case.transcript.seen() if i < culprit.index)
    if rule == "simopen.syn-in-synsent" and not opened:
        rule = "open.listen-syn-synack"  # our SYN was on its way first: a SYN alone came where the SYN,ACK was due
    if rule not in _OWN_NAME:
        rule = case.transcript.named.get(culprit.index, rule)
    sent = show(watch, asked) if isinstance(asked, Seen) else "nothing"
    return grade(rule, sent, culprit.due, came, _numbers(asked, shown))


def _is_empty(event: Event | None) -> bool:
    """Whether it is an ACK and nothing else."""
    return isinstance(event, Seen) and event.segment.flags & (SYN | FIN | RST | ACK) == ACK and not event.segment.length


# -- what the oracle cannot know ---------------------------------------------------------------------------------------

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


def _untimely(case: Case, watch: Watch) -> Iterator[Finding]:
    """What came at the wrong time, or was waited for in vain, where the stack owed it or an application obeys us."""
    record, scenario = case.transcript, case.scenario
    found = [item for repeats in scenario.repeats for item in timers.judge_repeats(record, repeats)]
    found += timers.judge_delayed_acks(record, watch, case.path_delay)
    found += timers.judge_full_segments(record, case.path_delay)
    found += timers.judge_expiry(record, scenario) if scenario.expires else []
    for item in found:
        events = (record.judged[index] for index in item.events)
        yield grade(item.rule, "nothing (waited)", item.due, item.came, _numbers(*events))
    for missing in record.missing:
        if not missing.rule or (missing.application and not case.obedient):
            continue
        seen = [e for e in record.judged[: missing.index + 1] if isinstance(e, Seen)]
        asked = next((e for e in reversed(seen) if e.to_peer), None)
        came = f"nothing for {missing.waited:g} s"
        if not seen[-1].to_peer:
            came = f"{show(watch, seen[-1])}, then {came}"
        sent = show(watch, asked) if asked else "nothing (waited)"
        yield grade(missing.rule, sent, _AWAITED.get(missing.what, missing.what), came, _numbers(seen[-1]))


def _unsound(case: Case, watch: Watch, size: Sizes | None) -> Iterator[Finding]:
    """What is wrong with the handshakes, and with the form or the size of a segment."""
    seen = [event for _, event in case.transcript.seen()]
    opener = next((e for e in seen if e.to_peer and e.segment.flags & SYN), None)
    answers = [e for e in seen if not e.to_peer and e.segment.flags & SYN]
    # The documented handshake carries no data; the RFC allows it, so this is the mildest word (3.5).
    if opener is not None and not opener.segment.length and answers and answers[0].segment.length:
        came = show(watch, answers[0])
        yield grade("open.no-data-in-handshake", show(watch, opener), "no data", came, _numbers(answers[0]))
    # One ISN for two connections that were opened one after the other (RFC 9293 section 3.4.1).
    fresh: dict[Seq, Seen] = {}
    for event in answers:
        fresh.setdefault(event.segment.ack, event)
    isns = {event.segment.seq for event in fresh.values()}
    if case.scenario.distinct_isns and len(isns) < len(fresh):
        came = f"ISN {int(next(iter(isns)))} twice"
        yield grade("isn.differs", "S, R, S", "two ISNs", came, _numbers(*fresh.values()))
    # The form: each rule once, a SHOULD only where the scenario asks for it.
    told = set()
    for item in header.malformed(case.transcript):
        if item.rule not in told and (rules.ALL[item.rule].severity == "fail" or item.rule in case.scenario.shows):
            told.add(item.rule)
            sent = show(watch, item.asked) if item.asked is not None else "any segment"
            yield grade(item.rule, sent, item.due, item.came, _numbers(item.asked, item.culprit))
    if size is not None and size.large is not None:
        due, came = f"at most {size.limit} octets a segment, less its options", show(watch, size.large)
        yield grade(size.rule, show(watch, size.asked), due, came, _numbers(size.asked, size.large))
