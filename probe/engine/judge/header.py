"""The form of what the peer sends: header fields and options, which the oracle does not look at (pure judges).

Each judge is given the segments of one exchange and yields departures. A rule counts as shown where the scenario names
it, the peer sent what it speaks of, and no departure was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from probe.engine.belief.events import Seen, Transcript
from probe.spec.segment import ACK, EOL, FIN, MSS, RST, SACK_PERMITTED, SYN, WSCALE, Segment
from probe.spec.seq import Seq

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


@dataclass(frozen=True, slots=True)
class Deal:
    """What the two SYNs of one incarnation agreed on."""

    opener: Seen
    answer: Seen | None = None

    @property
    def stamps(self) -> bool:
        """Whether timestamps are in force (RFC 7323 section 3.2)."""
        both = self.answer is not None and self.answer.segment.timestamps is not None
        return both and self.opener.segment.timestamps is not None


Judge = Callable[[Seen, Deal, "Memory"], Iterator[Malformed]]


@dataclass(slots=True)
class Memory:
    """What later segments are compared with: the newest TSval of the peer."""

    stamp: int | None = None


def malformed(transcript: Transcript) -> list[Malformed]:
    """Every departure of form, in the order of the wire."""
    return [
        item for event, deal, memory in _walk(transcript) for judge in _JUDGES for item in judge(event, deal, memory)
    ]


def kept(transcript: Transcript, wanted: set[str]) -> Iterator[str]:
    """The rules of ``wanted`` that what the peer sent gave occasion for."""
    given = {rule for event, deal, _ in _walk(transcript) for rule in _occasions(event.segment, deal)}
    yield from (rule for rule in RULES if rule in given & wanted)


def _walk(transcript: Transcript) -> Iterator[tuple[Seen, Deal, Memory]]:
    """The peer's segments, each with the deal of its incarnation."""
    deal: Deal | None = None
    memory = Memory()
    for _, event in transcript.seen():
        flags = event.segment.flags
        if event.to_peer:
            if flags & (SYN | ACK | RST) == SYN and (deal is None or event.segment.seq != deal.opener.segment.seq):
                deal, memory = Deal(event), Memory()
            continue
        if deal is None:
            continue
        if flags & (SYN | ACK | RST) == SYN | ACK and event.segment.ack > deal.opener.segment.seq:
            deal = Deal(deal.opener, deal.answer or event)
        yield event, deal, memory


def _occasions(segment: Segment, deal: Deal) -> Iterator[str]:
    yield from ("hdr.checksum-generated", "hdr.reserved-zero", "opt.eol-zero-padding")
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


def _checksum(event: Seen, _: Deal, __: Memory) -> Iterator[Malformed]:
    """MUST-2 (RFC 9293 section 3.1). Offloaded sums are not faults: the wire tells them apart."""
    if "checksum" in event.segment.faults and event.segment.checksum_known:
        yield Malformed("hdr.checksum-generated", "a right checksum", "a wrong checksum", event)


def _reserved(event: Seen, deal: Deal, _: Memory) -> Iterator[Malformed]:
    """RFC 9293 section 3.1: zero in generated segments."""
    if event.segment.reserved:
        came = f"reserved bits {event.segment.reserved:04b}"
        yield Malformed("hdr.reserved-zero", "reserved bits zero", came, event, deal.opener)


def _padding(event: Seen, _: Deal, __: Memory) -> Iterator[Malformed]:
    """MUST-69 (RFC 9293 section 3.1)."""
    for option in event.segment.options:
        if option.kind == EOL and option.data:
            came = f"{option.data.hex()} after End of Option List"
            yield Malformed("opt.eol-zero-padding", "zeros after End of Option List", came, event)


def _on_syn_only(event: Seen, deal: Deal, _: Memory) -> Iterator[Malformed]:
    """MUST-65 (RFC 9293 section 3.2) and RFC 2018 section 2."""
    if event.segment.flags & SYN:
        return
    for kind, rule, name in _SYN_OPTIONS:
        if any(option.kind == kind for option in event.segment.options):
            yield Malformed(rule, f"no {name} without SYN", f"{name} on {event.segment.text()}", event)


_SYN_OPTIONS = ((MSS, "opt.mss-only-on-syn", "MSS"), (SACK_PERMITTED, "opt.sackperm-only-on-syn", "SACK-permitted"))


def _syn_ack(event: Seen, deal: Deal, _: Memory) -> Iterator[Malformed]:
    """What a SYN,ACK may carry: only what was offered (RFC 7323 sections 1.3, 2.2, 2.3 and 3.2)."""
    segment, offered = event.segment, deal.opener.segment
    if event is not deal.answer:
        return
    if segment.option(WSCALE) is not None and offered.option(WSCALE) is None:
        yield Malformed(
            "opt.ws-only-if-offered", "no window scale, none was offered", "window scale", event, deal.opener
        )
    shift = segment.option(WSCALE)
    if shift is not None and shift.data[0] > MAX_SHIFT:
        yield Malformed("opt.ws-limit-14", "a shift of 14 at most", f"shift {shift.data[0]}", event, deal.opener)
    stamps, asked = segment.timestamps, offered.timestamps
    if stamps is not None and asked is None:
        yield Malformed("opt.ts-only-if-offered", "no timestamps, none were offered", "timestamps", event, deal.opener)
    elif stamps is not None and asked is not None and stamps[1] != asked[0]:
        due, came = f"TSecr {asked[0]}", f"TSecr {stamps[1]}"
        yield Malformed("opt.ts-only-if-offered", due, came, event, deal.opener)


def _mss(event: Seen, deal: Deal, _: Memory) -> Iterator[Malformed]:
    """SHLD-5 (RFC 9293 section 3.7.1)."""
    if event is deal.answer and event.segment.option(MSS) is None:
        yield Malformed("opt.mss-on-syn", "MSS on the SYN,ACK", "no MSS", event, deal.opener)


def _stamps(event: Seen, deal: Deal, memory: Memory) -> Iterator[Malformed]:
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
    if memory.stamp is not None and Seq(stamps[0]) < Seq(memory.stamp):
        came = f"TSval {stamps[0]} after {memory.stamp}"
        yield Malformed("opt.ts-on-every-segment", "a TSval that never goes back", came, event)
    memory.stamp = stamps[0]


_JUDGES: tuple[Judge, ...] = (_checksum, _reserved, _padding, _on_syn_only, _syn_ack, _mss, _stamps)
RULES = (
    "hdr.checksum-generated",
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
