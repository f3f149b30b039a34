"""The form of what the peer sends: header fields and options, which the oracle does not look at (pure judges).

Each judge is given the segments of one exchange and yields departures. A rule counts as shown where the scenario names
it, the peer sent what it speaks of, and no departure was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probe.engine.belief.events import Seen, Transcript
from probe.spec.segment import ACK, EOL, FIN, MSS, RST, SACK_PERMITTED, SYN, WSCALE, Segment
from probe.spec.seq import Seq

CHECKSUM = "hdr.checksum-generated"
MAX_SHIFT = 14
"""The largest shift.cnt (RFC 7323 section 2.3)."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A rule broken by the form of ``culprit``; ``asked`` is the segment of ours it answers or follows, if any."""

    rule: str
    due: str
    came: str
    culprit: Seen
    asked: Seen | None = None


@dataclass(slots=True)
class Deal:
    """What the two SYNs of one incarnation agreed on. ``stamp`` is the newest TSval of the peer."""

    opener: Seen
    answer: Seen | None = None
    stamp: int | None = None

    @property
    def stamps(self) -> bool:
        """Whether timestamps are in force (RFC 7323 section 3.2)."""
        both = self.answer is not None and self.answer.segment.timestamps is not None
        return both and self.opener.segment.timestamps is not None


def malformed(transcript: Transcript) -> list[Malformed]:
    """Every departure of form, in the order of the wire."""
    judges = (_everywhere, _syn_ack, _stamps)
    return [item for event, deal in _walk(transcript) for judge in judges for item in judge(event, deal)]


def kept(transcript: Transcript, wanted: set[str]) -> Iterator[str]:
    """The rules of ``wanted`` that what the peer sent gave occasion for."""
    given = {rule for event, deal in _walk(transcript) for rule in _occasions(event.segment, deal)}
    yield from (rule for rule in RULES if rule in given & wanted)


def _walk(transcript: Transcript) -> Iterator[tuple[Seen, Deal]]:
    """The peer's segments, each with the deal of its incarnation."""
    deal: Deal | None = None
    for _, event in transcript.seen():
        flags = event.segment.flags
        if event.to_peer:
            if flags & (SYN | ACK | RST) == SYN and (deal is None or event.segment.seq != deal.opener.segment.seq):
                deal = Deal(event)
        elif deal is not None:
            answers = flags & (SYN | ACK | RST) == SYN | ACK and event.segment.ack > deal.opener.segment.seq
            deal.answer = deal.answer or (event if answers else None)
            yield event, deal


def _occasions(segment: Segment, deal: Deal) -> Iterator[str]:
    yield from (CHECKSUM, "hdr.reserved-zero", "opt.eol-zero-padding")
    offered = deal.opener.segment
    if segment.flags & SYN:
        yield from ("opt.mss-on-syn", "opt.ts-only-if-offered", "opt.ws-only-if-offered")
        if segment.window_scale is not None:
            yield "opt.ws-limit-14"
        return
    yield from ("opt.mss-only-on-syn", "opt.sackperm-only-on-syn")
    if deal.answer is not None and not segment.flags & RST:
        yield "seg.always-ack-flag"
        if deal.stamps:
            yield "opt.ts-on-every-segment"
        elif offered.timestamps is None:
            yield "opt.ts-unnegotiated-ignored"
    if segment.flags & FIN:
        yield "aclose.no-data-after-fin"


# -- the judges --------------------------------------------------------------------------------------------------------


def _everywhere(event: Seen, deal: Deal) -> Iterator[Malformed]:
    """Checksum (MUST-2), reserved bits, padding of options (MUST-69; RFC 9293 section 3.1), and what only a SYN has."""
    segment = event.segment
    if "checksum" in segment.faults and segment.checksum_known:  # an offloaded sum is no fault: the wire tells
        yield Malformed(CHECKSUM, "a right checksum", "a wrong checksum", event)
    if segment.reserved:
        came = f"reserved bits {segment.reserved:04b}"
        yield Malformed("hdr.reserved-zero", "reserved bits zero", came, event, deal.opener)
    for option in segment.options:
        if option.kind == EOL and option.data:
            came = f"{option.data.hex()} after End of Option List"
            yield Malformed("opt.eol-zero-padding", "zeros after End of Option List", came, event)
    for kind, rule, name in () if segment.flags & SYN else _SYN_OPTIONS:
        if any(option.kind == kind for option in segment.options):
            yield Malformed(rule, f"no {name} without SYN", f"{name} on {segment.text()}", event)


_SYN_OPTIONS = ((MSS, "opt.mss-only-on-syn", "MSS"), (SACK_PERMITTED, "opt.sackperm-only-on-syn", "SACK-permitted"))
"""MUST-65 (RFC 9293 section 3.2) and RFC 2018 section 2."""


def _syn_ack(event: Seen, deal: Deal) -> Iterator[Malformed]:
    """What a SYN,ACK may carry: only what was offered (RFC 7323 sections 1.3, 2.2, 2.3, 3.2), and an MSS (SHLD-5)."""
    if event is not deal.answer:
        return
    shift, stamps = event.segment.option(WSCALE), event.segment.timestamps
    asked = deal.opener.segment.timestamps
    wrong = []
    if shift is not None and deal.opener.segment.option(WSCALE) is None:
        wrong.append(("opt.ws-only-if-offered", "no window scale, none was offered", "window scale"))
    if shift is not None and shift.data[0] > MAX_SHIFT:
        wrong.append(("opt.ws-limit-14", "a shift of 14 at most", f"shift {shift.data[0]}"))
    if stamps is not None and asked is None:
        wrong.append(("opt.ts-only-if-offered", "no timestamps, none were offered", "timestamps"))
    elif stamps is not None and asked is not None and stamps[1] != asked[0]:
        wrong.append(("opt.ts-only-if-offered", f"TSecr {asked[0]}", f"TSecr {stamps[1]}"))
    if event.segment.option(MSS) is None:
        wrong.append(("opt.mss-on-syn", "MSS on the SYN,ACK", "no MSS"))
    for rule, due, came in wrong:
        yield Malformed(rule, due, came, event, deal.opener)


def _stamps(event: Seen, deal: Deal) -> Iterator[Malformed]:
    """RFC 7323 section 3.2: once negotiated on every segment but a RST, TSval never going back; else on none."""
    segment = event.segment
    if deal.answer is None or segment.flags & (SYN | RST):
        return
    stamps = segment.timestamps
    if not deal.stamps:
        if stamps is not None and deal.answer.segment.timestamps is None:
            yield Malformed("opt.ts-unnegotiated-ignored", "no timestamps, none were agreed on", "timestamps", event)
        return
    if stamps is None:
        yield Malformed("opt.ts-on-every-segment", "timestamps", f"none on {segment.text()}", event)
        return
    if deal.stamp is not None and Seq(stamps[0]) < Seq(deal.stamp):
        came = f"TSval {stamps[0]} after {deal.stamp}"
        yield Malformed("opt.ts-on-every-segment", "a TSval that never goes back", came, event)
    deal.stamp = stamps[0]


RULES = (
    CHECKSUM,
    "hdr.reserved-zero",
    "opt.eol-zero-padding",
    "opt.mss-on-syn",
    "opt.mss-only-on-syn",
    "opt.sackperm-only-on-syn",
    "opt.ws-only-if-offered",
    "opt.ws-limit-14",
    "opt.ts-only-if-offered",
    "opt.ts-on-every-segment",
    "opt.ts-unnegotiated-ignored",
    "seg.always-ack-flag",
    "aclose.no-data-after-fin",
)
"""What ``kept`` can tell; the last two are found broken by the oracle and only noted as shown here."""
