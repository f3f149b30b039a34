"""Whether an exchange came to what it is about: each rule it is to show, the states before, the packet that tells so.

A pass says that the rules of an exchange were seen kept. Where one of them never came up, it is asked what prevented
it: an application that closed of itself, or a peer whose connection ended before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from probe.engine.belief.events import Seen
from probe.engine.belief.watch import Watch
from probe.engine.judge.case import Case
from probe.engine.judge.timers import FULL, full_size
from probe.results.proofs import Reached, Shown
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import Command, Send
from probe.spec import calls, rules
from probe.spec.segment import FIN, SYN
from probe.spec.states import State

_GONE = {State.CLOSED.value, State.LISTEN.value}


def reached(case: Case, watch: Watch, shown: Mapping[str, int]) -> Reached:
    """``shown`` maps rules seen in action to the event at which they came up: the stimulus, or what came of itself.

    An exchange that is about an optional mechanism alone comes to its subject where the peer uses that.
    """
    wanted = case.scenario.shows or case.scenario.may_show
    return Reached(wanted, tuple(shown_at(case, watch, rule, shown[rule]) for rule in wanted if rule in shown))


def shown_at(case: Case, watch: Watch, rule: str, index: int) -> Shown:
    """A rule that came up at an event (-1: in the whole record): the stimulus, or what came of itself."""
    if index < 0:
        return Shown(rule)
    event = case.transcript.judged[index]
    came = [(i, e.number) for i, e in case.transcript.seen() if i >= index and not e.to_peer]
    answers = (n for i, n in came if i == index or index in {answer.index for answer in watch.after(i).answers})
    states = watch.after(index - 1).states or tuple(sorted(h.tcb.state.value for h in case.start))
    number = event.number if isinstance(event, Seen) else 0
    return Shown(rule, number, states, came[0][1] if came else 0, next(answers, 0))


def not_reached(case: Case, watch: Watch, lacking: Sequence[str]) -> tuple[Verdict, Why, str]:
    """What prevented that the ``lacking`` rules came up: the word, the reason as data, and as a sentence."""
    ended = _ended(case, watch)
    if (closed := _closed_by_itself(case, watch)) is not None and (ended is None or closed[0] <= ended[0]):
        return Verdict.SKIP, Why.APPLICATION, f"the application behind the port closed by itself{closed[1]}"
    if ended is not None:
        return Verdict.INCONCLUSIVE, Why.NOT_REACHED, f"not reached: the peer was CLOSED, {ended[1]}"
    size = full_size(case.transcript)
    if FULL in lacking and sum(e.segment.length for _, e in case.transcript.seen() if e.to_peer) < 2 * size:
        return Verdict.SKIP, Why.NOT_REACHED, f"a full-sized segment of this peer has {size} octets: two were not sent"
    if _declined_stamps(case):
        return Verdict.SKIP, Why.NOT_REACHED, "the peer takes up no timestamps (RFC 7323 section 3.2)"
    if not case.scenario.shows:
        told = "; ".join(f"{rules.ALL[rule].sentence} ({rules.ALL[rule].source})" for rule in lacking)
        return Verdict.SKIP, Why.NOT_REACHED, f"the peer does not use an optional mechanism: {told}"
    states = next((s for s in reversed(watch.states) if s), ())
    seen = f" (the peer: {' or '.join(states)})" if states else ""
    return Verdict.INCONCLUSIVE, Why.NOT_REACHED, f"not reached: {', '.join(lacking)} did not come up{seen}"


def _declined_stamps(case: Case) -> bool:
    """Whether we offered timestamps and no SYN,ACK had them."""
    syns = [event for _, event in case.transcript.seen() if event.segment.flags & SYN]
    offered = any(e.to_peer and e.segment.timestamps is not None for e in syns)
    return offered and all(e.to_peer or e.segment.timestamps is None for e in syns)


def _ended(case: Case, watch: Watch) -> tuple[int, str] | None:
    """Where the peer said that the connection is no more, although the script went on: the event, and how."""
    for index, event in case.transcript.seen():
        before, after = watch.after(index - 1).states, watch.after(index).states
        if event.to_peer or not after or set(before) <= _GONE or not set(after) <= _GONE:
            continue
        if not any(e.to_peer for at, e in case.transcript.seen() if at > index):
            return None
        answers = watch.after(index).answers
        how = " or ".join(sorted({a.row for a in answers if a.row} | {a.call for a in answers if not a.row}))
        return index, f"reset by {how}" + (f" on packet {event.number}" if event.number else "")
    return None


def _closed_by_itself(case: Case, watch: Watch) -> tuple[int, str] | None:
    """The FIN that the application sent before it was asked to, or could know that we close: the event, and the packet.

    What it was asked for is text of the script; a FIN that does not acknowledge that text left before it came.
    """
    asked = None
    sends = [step for step in case.scenario.steps if isinstance(step, Send)]
    for index, event in case.transcript.seen():
        segment = event.segment
        if event.to_peer:
            place = case.transcript.places.get(index)
            told = place is not None and place < len(sends) and isinstance(sends[place].data, Command)
            if asked is None and (told or segment.flags & FIN):
                asked = segment.end
        elif segment.flags & FIN and calls.CLOSE in {answer.call for answer in watch.after(index).answers}:
            if asked is not None and segment.ack >= asked:
                return None
            return index, f" (packet {event.number})" if event.number else ""
    return None
