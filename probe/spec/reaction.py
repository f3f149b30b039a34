"""What an end may do when a segment arrives: a reply pattern, the next block, and the text that allows it."""

from __future__ import annotations

from dataclasses import dataclass

from probe.spec.records import Hashed, quick
from probe.spec.rows import ROWS, rule_for
from probe.spec.segment import ACK, OPENING, RST, SYN, Segment, flags_text, relative
from probe.spec.seq import Seq
from probe.spec.tcb import Tcb

PROFILES = ("rfc9293", "rfc793", "rfc5961")
BOTH, MITIGATED, CLASSIC = "", "rfc5961", "classic"


@quick
@dataclass(frozen=True, slots=True)
class Reply(Hashed):
    """The pattern of one due segment.

    ``seqs`` are the permitted sequence numbers, empty for any (an ISN not chosen yet), ``above`` a number the sequence
    number must lie beyond. ``ack`` is the acknowledgment number due, ``ack_from`` the lowest one also permitted.
    ``covers`` marks an acknowledgment that may be delayed (MUST-40: under 0.5 s) and ride on any later segment; its
    ``seqs`` is where it stands alone at once.
    ``acks`` are the numbers with which a RST may carry the ACK flag although the RFC writes it without.
    """

    flags: int
    seqs: tuple[Seq, ...] = ()
    ack: Seq | None = None
    ack_from: Seq | None = None
    above: Seq | None = None
    covers: bool = False
    acks: tuple[Seq, ...] = ()

    def matches(self, segment: Segment) -> bool:
        """Whether an observed segment is this reply."""
        if self.covers:
            return segment.flags & (ACK | RST | SYN) == ACK and segment.ack == self.ack
        if segment.length and not self.flags & SYN:
            return False
        flags = segment.flags & OPENING
        if flags != self.flags and not (flags == self.flags | ACK and segment.ack in self.acks):
            return False
        if self.seqs and segment.seq not in self.seqs:
            return False
        if self.above is not None and not segment.seq > self.above:
            return False
        return self.matches_ack(segment)

    def matches_ack(self, segment: Segment) -> bool:
        """Whether the acknowledgment number alone is as due."""
        if not self.flags & ACK or self.ack is None:
            return True
        return segment.ack == self.ack if self.ack_from is None else self.ack_from <= segment.ack <= self.ack

    def refuses_as(self, segment: Segment) -> bool:
        """Whether both are a RST that does the same: to a SYN only its ACK field counts, else SEQ (section 3.5.3)."""
        kind = segment.flags & OPENING
        if self.flags == RST | ACK:
            return kind == self.flags and self.matches_ack(segment)
        return self.flags == RST == kind & ~ACK and segment.seq in self.seqs

    def text(self, seq_base: int | None = None, ack_base: int | None = None) -> str:
        """The pattern in the notation of ``Segment.text``."""
        parts = [flags_text(self.flags)]
        if self.seqs:
            parts.append("seq " + " or ".join(dict.fromkeys(_shown(seq, seq_base) for seq in self.seqs)))
        if self.flags & ACK and self.ack is not None:
            low = "" if self.ack_from is None else f"{_shown(self.ack_from, ack_base)}.."
            parts.append(f"ack {low}{_shown(self.ack, ack_base)}")
        if self.covers:
            parts.append("within 0.5 s, alone or on a later segment")
        return " ".join(parts)


def _shown(number: Seq, base: int | None) -> str:
    """A number relative to its ISN; the absolute 0 of a RST for no connection stays 0."""
    return str(relative(number, base) if number else 0)


@quick
@dataclass(frozen=True, slots=True)
class Reaction(Hashed):
    """One permitted reaction: the row of SEGMENT ARRIVES, its rule, the reply (None: silence), the block after.

    ``only`` restricts it to stacks with (``rfc5961``) or without (``classic``) the mitigations of RFC 5961. ``against``
    is the rule that it leaves where the text advises otherwise and asks no more: it has no profile. ``rest`` is what is
    left of the segment, to be processed next.
    """

    row: str
    rule: str
    reply: Reply | None
    next: Tcb
    only: str = BOTH
    against: str = ""
    rest: Segment | None = None

    @property
    def clause(self) -> str:
        """Where the RFC says so."""
        return ROWS[self.row].clause

    @property
    def level(self) -> str:
        """MUST, SHOULD, MAY or SPEC (procedural text without a keyword)."""
        return ROWS[self.row].level


Reactions = tuple[Reaction, ...]


def react(row: str, tcb: Tcb, segment: Segment, reply: Reply | None, after: Tcb, only: str = BOTH) -> Reaction:
    """A reaction, called by the rule that its row shows here; ``tcb`` is the block that the segment met."""
    return Reaction(row, rule_for(row, tcb, segment), reply, after, only)


def drop(row: str, tcb: Tcb, segment: Segment, only: str = BOTH) -> Reaction:
    """Silence, and nothing changes."""
    return Reaction(row, rule_for(row, tcb, segment), None, tcb, only)


def acknowledge(row: str, tcb: Tcb, segment: Segment, only: str = BOTH) -> Reaction:
    """A pure ACK (also a challenge ACK), and nothing changes."""
    return Reaction(row, rule_for(row, tcb, segment), pure_ack(tcb), tcb, only)


def permitted(reactions: tuple[Reaction, ...], profile: str) -> tuple[Reaction, ...]:
    """The reactions a profile allows: ``rfc793`` none of the RFC 5961 ones, ``rfc5961`` no classic ones."""
    barred = {"rfc9293": "none", "rfc793": MITIGATED, "rfc5961": CLASSIC}[profile]
    return tuple(r for r in reactions if r.only != barred and not r.against)


def unadvised(reactions: tuple[Reaction, ...]) -> tuple[Reaction, ...]:
    """The reactions that leave a rule which the text advises."""
    return tuple(r for r in reactions if r.against)


def pure_ack(tcb: Tcb) -> Reply:
    """``<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`` without payload: challenge ACK and answer to an unacceptable segment."""
    return Reply(ACK, (tcb.snd_nxt,), tcb.rcv_nxt)


def covering_ack(tcb: Tcb) -> Reply:
    """The acknowledgment of accepted text or FIN: up to RCV.NXT, delayed less than 0.5 s, alone or riding (MUST-40)."""
    return Reply(ACK, (tcb.snd_nxt,), tcb.rcv_nxt, covers=True)


def reset_for(segment: Segment, *acks: Seq) -> Reply:
    """The RST for a segment that belongs to no connection (RFC 9293 section 3.5.2 groups 1 and 2)."""
    if segment.flags & ACK:
        return Reply(RST, (segment.ack,), acks=(segment.end, *acks))
    return Reply(RST | ACK, (Seq(0),), segment.seq + segment.seg_len)


def reset_of(tcb: Tcb, segment: Segment, *seqs: Seq) -> Reply:
    """The RST that ends a connection, where the RFC gives it no numbers: those of the connection, or of the segment."""
    return Reply(RST, (tcb.snd_nxt, *seqs), acks=(tcb.rcv_nxt, segment.end))


def syn_ack(ack: Seq, *, seq: Seq | None = None, upto: Seq | None = None, above: Seq | None = None) -> Reply:
    """``<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>``; without ``seq`` the ISS is still the peer's choice."""
    top = ack if upto is None else upto
    return Reply(SYN | ACK, () if seq is None else (seq,), top, None if upto is None else ack, above)
