"""What an attempt shows to be wrong, as findings: departures from the oracle, what came late, what is malformed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.watch import Watch
from probe.engine.judge import blame, header, timers
from probe.engine.judge.case import Case
from probe.engine.judge.segment_size import Sizes
from probe.engine.path.reordering import OVERTAKING
from probe.results.effect import Effect
from probe.results.verdict import Finding
from probe.scenarios.steps import Expect
from probe.spec import rules
from probe.spec.rules import Level
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq
from probe.spec.states import State


def show(watch: Watch, event: Seen) -> str:
    """A segment with numbers relative to the ISNs of the connection, in tcpdump's notation."""
    return watch.numbers.text(event.segment, event.to_peer)


def grade(
    rule_id: str, sent: str, due: str, came: str, packets: tuple[int, ...], effect: Effect = Effect.ITSELF
) -> Finding:
    """A finding with level and clause from the catalogue."""
    rule = rules.ALL[rule_id]
    return Finding(rule.id, Level(rule.level), rule.source, sent, due, came, packets, bool(rule.custom), effect)


def plainly(found: Finding) -> Finding:
    """The same silence under the name of the rule that any segment in this place would break by it."""
    named = grade(found.plain, found.sent, found.due, found.came, found.packets, found.effect)
    return replace(named, owed=found.owed, arrived=found.arrived)


def _numbers(*events: Event | None) -> tuple[int, ...]:
    """The packet numbers of segments in the recording."""
    return tuple(e.number for e in events if isinstance(e, Seen) and e.number)


# -- departures from the oracle ----------------------------------------------------------------------------------------


def departure(case: Case, watch: Watch) -> Finding:
    """The event that no history explains, under the name of the rule it breaks."""
    record, index = case.transcript.judged, watch.broken_at
    assert index is not None
    through = case.follow(case.terms.profile, case.terms.allow, through=True)
    culprit = broken_rule(case, watch)
    asked = record[culprit.index] if culprit.index >= 0 else None
    sent = show(watch, asked) if isinstance(asked, Seen) else "nothing"
    # All that came since the segment that was reacted to; an ACK of earlier text may be among it.
    since = [e for e in record[max(culprit.index, 0) : index + 1] if isinstance(e, Seen) and not e.to_peer]
    came = [show(watch, e) for e in since]
    last = next((e for e in reversed(record[: index + 1]) if isinstance(e, Seen)), None)
    if isinstance(record[index], Quiet):
        begun = asked if came and asked is not None else last
        waited = record[index].time - begun.time if begun else 0.0
        came.append(f"nothing else in {waited:.1f} s" if came else f"nothing for {waited:.1f} s")
    arrived = tuple(watch.numbers.canonical(e.segment, to_peer=False) for e in since)
    effect = effect_of(record, through)
    found = grade(culprit.rule, sent, culprit.due, ", ".join(came), _numbers(asked, last), effect)
    return replace(found, owed=culprit.owed, arrived=arrived, plain=culprit.plain)


def broken_rule(case: Case, watch: Watch) -> blame.Blame:
    """The one place where a departure gets its name: the row that was left first, with the stimulus it answers.

    A scenario may have a name of its own for what a reaction shows: it holds where that row was left, and nowhere else.
    Another answer beside the one that was due leaves none.
    """
    record, index = case.transcript.judged, watch.broken_at
    assert index is not None
    event = record[index]
    culprit = blame.for_silence(watch) if isinstance(event, Quiet) else blame.for_segment(watch, event)
    unadvised = case.follow(case.terms.profile, case.terms.allow | {Excuse.ADVICE})
    if unadvised.broken_at is None or unadvised.broken_at > index:
        return replace(culprit, rule=min(h.against for h in unadvised.after(index).belief))
    if isinstance(event, Seen) and culprit.owed and (earlier := _answer_that_crossed(case, watch, culprit)):
        return earlier
    asked = record[culprit.index] if culprit.index >= 0 else None
    acceptable = State.SYN_SENT.value not in watch.after(culprit.index - 1).states
    if not culprit.owed and not culprit.state and acceptable and _is_empty(asked) and _is_empty(event):
        return replace(culprit, rule="seg.pure-ack-silent")  # an acceptable empty ACK draws nothing (section 3.5)
    opened = any(not e.to_peer and e.segment.flags & SYN for i, e in case.transcript.seen() if i < culprit.index)
    if culprit.rule == "simopen.syn-in-synsent" and not opened:
        return replace(culprit, rule="open.listen-syn-synack")  # our SYN came first: this came where a SYN,ACK was due
    if isinstance(event, Seen) and event.segment.flags & RST and (rule := _awaited(case)):
        aborted = case.follow(case.terms.profile, case.terms.allow | {Excuse.ABORT})
        if aborted.broken_at is None or aborted.broken_at > index:
            return replace(culprit, rule=rule, instead=True)  # it gives up where it was to close, or to open once more
    named = rules.ALL.get(case.transcript.named.get(culprit.index, ""))
    if named is not None and culprit.row in named.rows and culprit.rule != blame.UNEXPLAINED:
        return replace(culprit, rule=named.id, plain=culprit.rule if isinstance(event, Quiet) else "")
    return culprit


def _answer_that_crossed(case: Case, watch: Watch, culprit: blame.Blame) -> blame.Blame | None:
    """The blame for a second answer to an earlier segment of ours, which met the next one on the way.

    What was owed to that came all the same, so nothing came in its place. Which of the two is recorded first is chance.
    """
    assert watch.broken_at is not None
    record, index = case.transcript.judged, watch.broken_at
    event, asked = record[index], record[culprit.index]
    assert isinstance(event, Seen)
    if not isinstance(asked, Seen) or not 0 <= event.time - asked.time <= OVERTAKING:
        return None
    later = (e for e in record[index + 1 :] if isinstance(e, Seen) and not e.to_peer)
    came = (watch.numbers.canonical(e.segment, to_peer=False) for e in later)
    if not any(owed.matches(segment) for segment in came for owed in culprit.owed):
        return None
    ours = [i for i, e in enumerate(record[: culprit.index]) if isinstance(e, Seen) and e.to_peer]
    segment = watch.numbers.canonical(event.segment, to_peer=False)
    return blame.again(watch, ours[-1], segment) if ours else None


def _awaited(case: Case) -> str:
    """The rule by which the peer owes the SYN,ACK or FIN that is waited for here; empty where it owes none."""
    kinds = [e.segment.flags & (SYN | FIN | ACK) for _, e in case.transcript.seen() if not e.to_peer]
    came = {"S.": kinds.count(SYN | ACK), "F": sum(bool(kind & FIN) for kind in kinds)}
    expected = (s for s in case.scenario.steps if isinstance(s, Expect) and s.rule and s.what in came)
    return next((s.rule for s in expected if came[s.what] < s.count), "")


def effect_of(record: Sequence[Event], through: Watch) -> Effect:
    """What became of the connection, by a watch that went through the departure, and on with the rest of the record."""
    if through.lost_at is not None or through.broken_at is None:  # or what it had skipped never came
        return Effect.CHANGED
    if len(through.departures) > 1 and through.would_explain(blame.vanished(through)):
        return Effect.CHANGED  # that the block was lost at once is a plainer story than several odd replies
    since = [event for event in record[through.broken_at + 1 :] if isinstance(event, Seen)]
    asked = next((place for place, event in enumerate(since) if event.to_peer), len(since))
    return Effect.KEPT if any(not event.to_peer for event in since[asked:]) else Effect.UNTOLD


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


def untimely(case: Case, watch: Watch) -> Iterator[Finding]:
    """What came at the wrong time, or was waited for in vain, where the stack owed it or an application obeys us."""
    record, scenario = case.transcript, case.scenario
    found = [item for repeats in scenario.repeats for item in timers.judge_repeats(record, repeats)]
    found += timers.judge_delayed_acks(record, watch, case.path_delay) if scenario.prompt else []
    if timers.FULL in scenario.shows:  # elsewhere full segments need not follow each other at once
        found += timers.judge_full_segments(record, case.path_delay)
    found += timers.judge_keepalives(record, watch) if timers.KEEPALIVE in scenario.shows else []
    found += timers.judge_expiry(record, scenario) if scenario.expires else []
    for item in found:
        events = (record.judged[index] for index in item.events)
        yield grade(item.rule, "nothing (waited)", item.due, item.came, _numbers(*events))
    for missing in record.missing:
        if not missing.rule or missing.short or (missing.application and not case.obedient):
            continue
        seen = [e for e in record.judged[: missing.index + 1] if isinstance(e, Seen)]
        asked = next((e for e in reversed(seen) if e.to_peer), None)
        came = f"nothing for {missing.waited:g} s"
        if not seen[-1].to_peer:
            came = f"{show(watch, seen[-1])}, then {came}"
        sent = show(watch, asked) if asked else "nothing (waited)"
        yield grade(missing.rule, sent, _AWAITED.get(missing.what, missing.what), came, _numbers(seen[-1]))


_MILD = {Level.SHOULD, Level.MAY}


def unsound(case: Case, watch: Watch, size: Sizes | None) -> Iterator[Finding]:
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
        if item.rule not in told and (rules.ALL[item.rule].level not in _MILD or item.rule in case.scenario.shows):
            told.add(item.rule)
            sent = show(watch, item.asked) if item.asked is not None else "any segment"
            yield grade(item.rule, sent, item.due, item.came, _numbers(item.asked, item.culprit), Effect.KEPT)
    for span in timers.measured_expiry(case.transcript, case.scenario):
        events = (case.transcript.judged[index] for index in span.events)
        yield grade(span.rule, "nothing (waited)", span.due, span.came, _numbers(*events), Effect.MEASURED)
    if size is not None and size.large is not None:
        due, came = f"at most {size.limit} octets a segment, less its options", show(watch, size.large)
        yield grade(size.rule, show(watch, size.asked), due, came, _numbers(size.asked, size.large))
