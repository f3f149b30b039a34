"""Which rules a record shows in action: by an answer, by a silence that was due, by a call or a timer of the peer.

A rule counts only where every permitted history agrees that it came up, and only once something came after it: what
nobody looked at was not shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.engine.belief.events import Quiet, Seen
from probe.engine.belief.hypothesis import Hypothesis
from probe.engine.belief.transcript import Transcript
from probe.engine.belief.watch import Watch
from probe.engine.judge import header
from probe.engine.judge.state_timers import held
from probe.engine.judge.timers import FULL, full_segments_acked, kept_gaps, prompt_acks
from probe.scenarios.steps import Expect, Scenario, Wait
from probe.spec import calls
from probe.spec.segment import FIN, SYN
from probe.spec.states import State

_CALLS = {
    (calls.OPEN, State.SYN_SENT): ("active.syn-form",),
    (calls.RETRANSMIT, State.SYN_SENT): ("active.syn-retransmitted-same-isn",),
    (calls.CLOSE, State.FIN_WAIT_1): ("aclose.fin-form",),
    (calls.CLOSE, State.LAST_ACK): ("close.passive-fin",),
    (calls.SEND, State.CLOSE_WAIT): ("close.halfclose-peer-sends",),
    (calls.ABORT, State.CLOSED): ("rstgen.abort-seq",),
    (calls.RETRANSMIT, State.SYN_RECEIVED): ("synack.retransmitted", "isn.stable-while-pending", "open.two-way-only"),
    (calls.RETRANSMIT, State.FIN_WAIT_1): ("aclose.fin-retransmit",),
    (calls.RETRANSMIT, State.CLOSING): ("simclose.fin-still-retransmitted",),
    (calls.RETRANSMIT, State.LAST_ACK): ("close.lastack-fin-retransmit",),
}
"""What a segment that answers nothing shows: by the call or timeout that explains it, and the state it leaves."""


def exercised(scenario: Scenario, transcript: Transcript, watch: Watch) -> tuple[str, ...]:
    """The rules shown, in the order they came up."""
    found: dict[str, None] = {}
    last = _last_evidence(transcript)
    for index, event in transcript.seen():
        if watch.broken_at is not None and index >= watch.broken_at:
            break
        rules = tuple(_by_arrival(watch, index) if event.to_peer else _by_departure(watch, index, event))
        found.update((rule, None) for rule in rules if not event.to_peer or index < last)
        found.update((rule, None) for rule in _by_name(transcript, watch, index, event))
    if watch.broken_at is None:
        found.update((rule, None) for rule in _by_the_whole(scenario, transcript, watch, set(found)))
    return tuple(found)


def _last_evidence(transcript: Transcript) -> int:
    """The event up to which the peer's behaviour was looked at: its last segment or the last completed wait."""
    looked = [i for i, e in enumerate(transcript.judged) if isinstance(e, Quiet) or not e.to_peer]
    return looked[-1] if looked else -1


def _by_arrival(watch: Watch, index: int) -> Iterator[str]:
    """The rule of a segment sent to the peer, once no history still owes or holds back a reaction to it."""
    if watch.broken_at is None and any(_open(h, index) for h in watch.belief):
        return
    done = [h.processed for h in watch.memory.closure(watch.beliefs[index], watch.terms) if not h.inflight]
    if len(set(done)) == 1 and done[0] is not None and done[0][0] == index:
        yield done[0][2]


def _by_name(transcript: Transcript, watch: Watch, index: int, event: Seen) -> Iterator[str]:
    """What the scenario calls the reaction: known once it was seen, or once a later one shows that it was silence."""
    if event.to_peer:
        done = {h.processed for h in watch.belief if h.processed is not None}
        settled = watch.broken_at is None and not any(_open(h, index) for h in watch.belief)
        if settled and done and index < _last_evidence(transcript) and index in transcript.named:
            yield transcript.named[index]
        return
    asked = {a.index for a in watch.answers[index]}
    yield from (transcript.named[i] for i in asked if len(asked) == 1 and i in transcript.named)


def _open(h: Hypothesis, index: int) -> bool:
    """Whether the history has not finished with the segment of event ``index``."""
    owed = {due.index for due in (h.due, h.owed) if due is not None}
    return index in owed or any(arrived == index for arrived, _ in h.inflight)


def _by_departure(watch: Watch, index: int, event: Seen) -> Iterator[str]:
    """The rules of a segment the peer sent: the one it answers by, and the one of the call that sent it."""
    answers = watch.answers[index]
    if len({a.rule for a in answers}) == 1:
        answer = next(iter(answers))
        if answer.rule:
            yield answer.rule
        if answer.row == "L4" and answer.rule == "open.listen-syn-synack":
            yield "open.synack-ack-number"
            if not event.segment.length:
                yield "open.no-data-in-handshake"
    if event.segment.flags & FIN and {(a.rule, a.call) for a in answers} == {("close.fin-acked", calls.CLOSE)}:
        yield "close.merged-fin"
    calls_made = {a.call for a in answers}
    states = {h.tcb.state for h in watch.beliefs[index]}
    if len(calls_made) == len(states) == 1:
        yield from _CALLS.get((next(iter(calls_made)), next(iter(states))), ())


def _by_the_whole(scenario: Scenario, transcript: Transcript, watch: Watch, so_far: set[str]) -> Iterator[str]:
    """What no single segment shows: waits that ended as the scenario says, gaps, delays, initial numbers."""
    if any(isinstance(s, Wait) for s in scenario.steps) and "open.final-ack-establishes" in so_far:
        yield "synack.stops-when-acked"
    if not transcript.missing:
        yield from (s.rule for s in scenario.steps if isinstance(s, Expect) and s.rule)
    for repeats in scenario.repeats:
        yield from kept_gaps(transcript, repeats)
    yield from prompt_acks(transcript, watch)
    if scenario.expires:
        yield from held(transcript, scenario)
    if full_segments_acked(transcript):
        yield FULL
    opened = {e.segment.ack for _, e in transcript.seen() if not e.to_peer and e.segment.flags & SYN}
    if scenario.distinct_isns and len(opened) > 1:
        yield "isn.differs"
    broken = {item.rule for item in header.malformed(transcript)}
    yield from header.kept(transcript, {*scenario.shows, *scenario.may_show} - broken)
