"""One permitted history of an end, as far as it matters for what may come next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probe.spec.reaction import Reaction, Reply
from probe.spec.records import Hashed, quick, replace
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb


class Excuse(StrEnum):
    """What a history may need to be permitted beyond RFC 9293; recordings hold these words."""

    LOSS = "loss"
    """A segment was lost."""
    ABORT = "abort"
    """The application aborted."""
    REPEAT = "repeat"
    """A segment came again that nothing asked for: the network may copy."""
    COOKIES = "cookies"
    """A listener that is overloaded keeps no state (SYN cookies)."""
    UNRECORDED = "unseen"
    """A segment passed that the record lacks."""
    EXPIRY = "expiry"
    """A timer ended the state."""
    BARE_FIN = "bare-fin"
    """A FIN without text was taken although the window is closed: Linux does, as nothing needs room."""
    REPLY = "reply"
    """A reply was left out, came unasked or had another form, while the block moved as it must."""
    OVERTAKEN = "overtaken"
    """A segment was sent before one that came first: an ACK, or a FIN, went past text on the way or in the stack."""
    ADVICE = "advice"
    """It did what the text advises against (``Reaction.against``)."""
    EDGE = "edge"
    """What lies at the window's edge counted as within (RFC 9293 section 3.10.7.4, Appendix A.2; 3.8.6.2.2)."""


@quick
@dataclass(frozen=True, slots=True)
class Due(Hashed):
    """A reply owed since event ``index``, and the reaction that owes it."""

    index: int
    reaction: Reaction

    @property
    def reply(self) -> Reply:
        """The pattern owed; a Due is made only for reactions that reply."""
        assert self.reaction.reply is not None
        return self.reaction.reply


@quick
@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one permitted history believes of the end.

    ``inflight`` are segments under way to it (event index, segment), not yet processed, in order. ``due`` is a reply
    it has sent or must send before anything else; ``owed`` an acknowledgment it may still delay (MUST-40).
    ``processed`` is the last segment it processed, as event, row and rule. ``gap`` is text it sent that others
    overtook: its first number and the one after it. ``excuses`` are the excuses used so far; ``against`` is the rule
    that it left first of those the text advises.
    """

    tcb: Tcb
    inflight: tuple[tuple[int, Segment], ...] = ()
    due: Due | None = None
    owed: Due | None = None
    processed: tuple[int, str, str] | None = None
    excuses: frozenset[Excuse] = frozenset()
    gap: tuple[Seq, Seq] | None = None
    against: str = ""

    @property
    def settled(self) -> bool:
        """Nothing under way, to it or from it, and nothing owed."""
        return not self.inflight and self.due is None and self.owed is None and self.gap is None

    @property
    def in_order(self) -> str:
        """All of it as text: sorted by it, histories stand in the same order in every process."""
        return f"{self.processed}{sorted(self.excuses)}{replace(self, processed=None, excuses=frozenset())}"

    def reacted(self, reaction: Reaction) -> Hypothesis:
        """The first segment under way was processed with this reaction."""
        index = self.inflight[0][0]
        if self.processed is not None and self.arrived:
            reaction = replace(reaction, row=self.processed[1], rule=self.processed[2])
        due, owed = None, self.owed
        if reaction.reply is not None:
            promise = Due(index, reaction)
            if reaction.reply.covers:
                owed = Due(owed.index, reaction) if owed else promise
            else:
                due = promise
        if reaction.next.state in (State.CLOSED, State.LISTEN):
            owed = None  # a deleted block owes no acknowledgment
        processed = (index, reaction.row, reaction.rule)
        left = self.inflight[1:] if reaction.rest is None else ((index, reaction.rest), *self.inflight[1:])
        after = replace(self, tcb=reaction.next, inflight=left, due=due, owed=owed, processed=processed)
        if not reaction.against:
            return after
        return replace(after, against=self.against or reaction.against).excused(Excuse.ADVICE)

    @property
    def arrived(self) -> bool:
        """Whether the first segment under way has come: it is what is left of the one processed last."""
        return self.processed is not None and -1 < self.inflight[0][0] == self.processed[0]

    def answered(self, segment: Segment) -> Hypothesis:
        """The due reply was seen; an ISS and window it discloses are learnt."""
        tcb = self.tcb if segment.flags & RST else disclosed(self.tcb, segment)
        return replace(self, tcb=tcb, due=None).acknowledged_by(segment)

    def called(self, after: Tcb, segment: Segment) -> Hypothesis:
        """A call of the user or a timeout sent ``segment`` and left the block ``after``."""
        if after.state in (State.CLOSED, State.LISTEN):
            return replace(self, tcb=after, owed=None, processed=None)  # it was not a segment that ended the connection
        return (self if after is self.tcb else replace(self, tcb=after)).acknowledged_by(segment)

    def acknowledged_by(self, segment: Segment) -> Hypothesis:
        """What a segment that was sent acknowledges is no longer owed, and what lies before that neither (3.4)."""
        if self.owed is None or self.owed.reply.ack is None or segment.flags & (ACK | RST | SYN) != ACK:
            return self
        return replace(self, owed=None) if segment.ack >= self.owed.reply.ack else self

    def behind(self, segment: Segment) -> Hypothesis:
        """The same history once ``segment`` has come: it may be what others overtook, or a part of that."""
        if self.gap is None or not segment.seq <= self.gap[0] < segment.end:
            return self
        return replace(self, gap=None if segment.end >= self.gap[1] else (segment.end, self.gap[1]))

    def excused(self, excuse: Excuse) -> Hypothesis:
        """The same history with one more excuse."""
        return self if excuse in self.excuses else replace(self, excuses=self.excuses | {excuse})


def disclosed(tcb: Tcb, segment: Segment) -> Tcb:
    """The block with what a SYN,ACK or ACK of its own end shows: window; of a listener also ISS and options in force.

    Those of an end that sent a SYN itself are settled by the SYN that crossed it (RFC 7323 sections 2.2, 3.2).
    """
    shown = tcb.with_window_from(segment)
    if not segment.flags & SYN or tcb.iss is not None:
        return shown
    scaled = tcb.offer_scale is not None and segment.window_scale is not None
    return replace(
        shown,
        iss=segment.seq,
        snd_una=segment.seq,
        snd_nxt=segment.seq + 1,
        rcv_nxt=segment.ack if segment.flags & ACK else tcb.rcv_nxt,
        rcv_shift=(segment.window_scale or 0) if scaled else 0,
        snd_shift=(tcb.offer_scale or 0) if scaled else 0,
        timestamps=tcb.offer_timestamps and segment.timestamps is not None,
    )
