"""What an attempt shows to be wrong, as findings: departures from the oracle, what came late, what is malformed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.watch import Watch
from probe.engine.judge import blame, header, timers
from probe.engine.judge.case import Case
from probe.engine.judge.segment_size import Sizes
from probe.results.effect import Effect
from probe.results.verdict import Finding
from probe.spec import rules
from probe.spec.rules import Level
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq


def show(watch: Watch, event: Seen) -> str:
    """A segment with numbers relative to the ISNs of the connection, in tcpdump's notation."""
    return watch.numbers.text(event.segment, event.to_peer)


def grade(
    rule_id: str, sent: str, due: str, came: str, packets: tuple[int, ...], effect: Effect = Effect.ITSELF
) -> Finding:
    """A finding with level and clause from the catalogue."""
    rule = rules.ALL[rule_id]
    return Finding(rule.id, Level(rule.level), rule.source, sent, due, came, packets, bool(rule.custom), effect)


def _numbers(*events: Event | None) -> tuple[int, ...]:
    """The packet numbers of segments in the recording."""
    return tuple(e.number for e in events if isinstance(e, Seen) and e.number)


# -- departures from the oracle ----------------------------------------------------------------------------------------

_OWN_NAME = {"open.synack-ack-number", "timewait.new-isn-larger", "conn.unexplained"}
"""Departures with a better name than that of the place where they came up."""


def departure(case: Case, watch: Watch) -> Finding:
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
    through = case.follow(case.terms.profile, case.terms.allow, through=True)
    return grade(rule, sent, culprit.due, came, _numbers(asked, shown), effect_of(record, through))


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
    found += timers.judge_delayed_acks(record, watch, case.path_delay)
    found += timers.judge_full_segments(record, case.path_delay)
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
    if size is not None and size.large is not None:
        due, came = f"at most {size.limit} octets a segment, less its options", show(watch, size.large)
        yield grade(size.rule, show(watch, size.asked), due, came, _numbers(size.asked, size.large))
