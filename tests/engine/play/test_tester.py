"""Closing the peer's window: as much as it tells, in pieces; what does not close, or loses text, is not judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.jury import settle
from probe.engine.play import tester
from probe.results.verdict import Verdict
from probe.scenarios.steps import Send
from probe.scenarios.triggers import LEAST_TAKEN
from probe.spec.reaction import Reaction
from probe.spec.segment import ACK, SYN, Segment
from probe.spec.seq import Seq
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import Sent, altered, silent
from tests.helpers.peer import Peer
from tests.helpers.play import attempts

RST = scenarios.ALL["zero-window-rst"]


class Roomy(Peer):
    """A stack that keeps more room than its application asked for."""

    asked = 5000

    def opens(self, now: float, line: bytes = b"") -> Sent:
        """With a window of its own liking."""
        return super().opens(now, line.replace(b"room 1200", f"room {self.asked}".encode()))


class Endless(Peer):
    """A stack whose window never closes."""

    def _told(self, tcb: object) -> int:
        return 9000


def sizes(talk: Dialogue) -> list[int]:
    return [e.segment.length for _, e in talk.conductor.transcript.seen() if e.to_peer and e.segment.length]


def test_a_large_window_is_filled_in_pieces() -> None:
    talk = Dialogue(RST, Roomy())
    talk.run()
    # The SYN of this peer names no MSS: 536 octets then (MUST-15). The last one is the question.
    assert sizes(talk) == [*[536] * 9, 176, 1]
    assert talk.opinion().word is Verdict.PASS


def test_a_window_that_never_closes_is_skipped() -> None:
    talk = Dialogue(RST, Endless())
    talk.run()
    found = talk.opinion()
    assert found.word is Verdict.SKIP
    assert found.reason == "the peer's receive window does not close, however much is sent"
    assert not any(e.segment.flags & 4 for _, e in talk.conductor.transcript.seen() if e.to_peer)


def test_a_stack_short_of_memory_is_not_judged() -> None:
    """Text within the window that is dropped, in silence or with an ACK that does not move."""
    for fault in (silent, altered(ack=-1200)):
        heard = attempts(RST, lambda fault=fault: Peer(faults={"E3": fault}))  # type: ignore[misc]
        assert len(heard) > 1
        found = settle(heard)
        assert (found.word, found.doubt, found.findings) == (Verdict.INCONCLUSIVE, Doubt.NO_EVIDENCE, ())
        assert found.reason == "the text that was to close the peer's window was not acknowledged"


def test_a_fin_into_a_closed_window_may_be_taken() -> None:
    """Nothing needs room for it: Linux takes it."""
    scenario = scenarios.ALL["zero-window-fin"]

    def takes_it(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        if peer.before.rcv_wnd or not segment.flags & 1:
            return out
        peer.tcb = replace(peer.before, rcv_nxt=segment.end)
        return [replace(s, ack=segment.end) for s in out]

    talk = Dialogue(scenario, Peer(faults={"F4": takes_it}))
    talk.run()
    found = talk.opinion()
    assert found.word is Verdict.PASS, found
    assert "close.fin-into-zero-window" in found.rules


def test_little_is_taken_of_who_sends_without_end_until_our_fin_has_left() -> None:
    """Its own FIN comes behind what it has still to send."""
    ours = tester.Tester(Seq(100), taken=LEAST_TAKEN)
    ours.sent(Segment(Seq(100), flags=SYN, window=ours.window))
    ours.takes(Segment(Seq(5000), Seq(101), SYN | ACK, 4000))
    ours.takes(Segment(Seq(5001), Seq(101), ACK, 4000, LEAST_TAKEN, bytes(LEAST_TAKEN)))
    assert ours.window == 0
    assert ours.segment(Send("."), b"").window == 0
    assert ours.segment(Send("F."), b"").window > 1000


@pytest.mark.parametrize(("start", "length", "taken"), [(1, 10, True), (2, 10, False), (1, 1001, False)])
def test_our_acks_lie_beyond_text_that_may_have_been_taken(start: int, length: int, taken: bool) -> None:
    """Below it they would be old to an end that took it, and draw an answer, or not, as chance has it (section 3.4)."""
    ours = tester.Tester(Seq(0))
    ours.sent(Segment(Seq(0), flags=SYN))
    ours.takes(Segment(Seq(100), Seq(1), SYN | ACK, window=1000))
    ours.sent(Segment(Seq(start), Seq(101), ACK, length=length), counts=False)
    assert (ours.nxt, ours.beyond) == (Seq(1), Seq(1 + length) if taken else Seq(1))
