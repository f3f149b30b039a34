"""Every peer and path of the zoo, and what must be said of it: data for one test (``tests/live/test_zoo.py``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from probe.spec.segment import ACK, FIN, MSS, RST, SYN, TIMESTAMPS, WSCALE
from tests.zoo import oddities as odd
from tests.zoo import wires
from tests.zoo.applications import Daytime, Discard, Echo, Http
from tests.zoo.connection import Application
from tests.zoo.traits import Traits
from tests.zoo.tun import Wire, straight

OPENS = ("open", "close-by-us", "close-by-peer", "simultaneous-close", "half-close", "abort-by-us", "data-again")
TIMERS = ("open", "two-way-only", "synack-retransmitted", "fin-wait-1-fin", "last-ack-fin", "closing-fin-again")
ACTIVE = ("active-open", "active-syn-retransmitted", "active-close-by-peer", "simultaneous-open")
UNACCEPTABLE = (
    "open",
    "data-again",
    "data-outside",
    "old-syn-established",
    "old-syn-syn-received",
    "syn-again-established",
    "fin-outside",
    "unacceptable-segment",
    "rst-outside",
    "time-wait-old-data",
)
FOLLOWED, NOT_SHOWN = "followed", "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One peer on one path.

    ``only`` names the exchanges played (empty: all that wait for no timer, with ``waits`` those too). ``findings``
    are exactly the rules found, exchange -> rules, where ``warned`` without those of warnings; nothing is
    inconclusive unless ``doubted``; ``passes`` how many exchanges pass at the least; ``seconds`` how long the check
    may take on a loaded machine. ``wire`` makes the path anew for every run.
    """

    traits: Traits = field(default_factory=Traits)
    application: Callable[[], Application] | None = None
    wire: Callable[[], Wire] = field(default=lambda: straight)
    mtu: int = 1500
    only: tuple[str, ...] = ()
    waits: bool = False
    findings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    warned: bool = False
    doubted: bool = False
    passes: int = 0
    seconds: float = 60.0
    version: int = 4


def finds(**rules: str) -> Mapping[str, frozenset[str]]:
    """``exchange_id="rule other.rule"``."""
    return {name.replace("_", "-"): frozenset(text.split()) for name, text in rules.items()}


# What conforms, in another way than Linux does: nothing may be found.
STACKS = {
    "plain": Case(passes=100),
    "plain, IPv6": Case(passes=100, version=6),
    "no options": Case(traits=Traits(timestamps=False, scale=None), passes=100),
    "delayed ACKs": Case(traits=Traits(delayed_ack=0.2), passes=100),
    "ISNs in steps": Case(traits=Traits(isn="steps"), passes=100),
    "small segments": Case(traits=Traits(largest=200), passes=100),
    "the last permitted reaction": Case(traits=Traits(choose=odd.last), passes=90),
    "RFC 793": Case(traits=Traits(profile="rfc793"), passes=90),
    "RFC 5961": Case(traits=Traits(profile="rfc5961"), passes=100),
    "silent to all unacceptable": Case(
        traits=Traits(silent_unacceptable=True),
        only=OPENS,
        passes=5,  # nothing tells whether it took the ACK of its FIN
        findings=finds(data_again="seg.old-duplicate-acked"),
    ),
    "one answer in 500 ms": Case(traits=Traits(answer_gap=0.5), passes=95),
    "one answer a second": Case(traits=Traits(answer_gap=1.0), passes=95),
    "one answer in 500 ms of the host": Case(
        traits=Traits(answer_gap=0.5, per_host=True), only=UNACCEPTABLE, passes=10
    ),
    "ACK before text": Case(traits=Traits(ack_first=True), passes=95),
    "text after the FIN that follows it": Case(traits=Traits(leaves=odd.swapped), only=OPENS, passes=7),
    "polls every 300 ms": Case(traits=Traits(poll=0.3), only=OPENS, passes=7),
    "polls every second": Case(traits=Traits(poll=1.0), only=OPENS, passes=7),
    "answers after 150 ms": Case(traits=Traits(leaves=odd.late(0.15)), only=OPENS, passes=7),
    "SYN,ACK after 2 s": Case(traits=Traits(leaves=odd.late(2.0, flags=SYN | ACK), syn_rto=6.0), only=OPENS, passes=7),
    "no PAWS": Case(traits=Traits(reads=odd.without_paws), passes=95),
    "FIN on the last text": Case(traits=Traits(fin_with_text=True), passes=100),
    "SACK": Case(traits=Traits(leaves=odd.selective), passes=100),
    # RFC 5681 section 4.2: one ACK for a segment; the connection becomes what it must.
    "every ACK twice": Case(traits=Traits(leaves=odd.twice), only=OPENS, warned=True),
    "a window update behind every ACK": Case(traits=Traits(leaves=odd.window_updates), only=OPENS, passes=7),
    "keep-alives": Case(traits=Traits(keepalive=0.6), only=(*OPENS, "delayed-ack", "idle"), passes=9),
    "RST,ACK for RST": Case(traits=Traits(leaves=odd.rst_with_ack), passes=95),
    "no PSH": Case(traits=Traits(leaves=odd.without_push), only=OPENS, passes=7),
    "window of 100": Case(traits=Traits(window=100, scale=None), only=OPENS, passes=7),
    "window of 1": Case(traits=Traits(window=1, scale=None), only=OPENS, passes=3),
    "window opens after 0.5 s": Case(traits=Traits(opens_after=0.5), only=OPENS, passes=3),
    "small MSS": Case(traits=Traits(mss=88, largest=88), only=(*OPENS, "full-segments"), passes=8),
    "deferred accept": Case(traits=Traits(meets=odd.deferred), only=OPENS, passes=6),
    "SYN,ACK and FIN again after 6 s": Case(
        traits=Traits(syn_rto=6.0, fin_rto=6.0),
        only=TIMERS,  # RFC 6298 section 2.1 note: any initial RTO above one second MAY be used
        passes=6,
        seconds=60.0,
    ),
    "delayed ACKs, 490 ms": Case(traits=Traits(delayed_ack=0.49), only=(*OPENS, "delayed-ack"), passes=8),
    "RTO of 100 ms": Case(traits=Traits(rto=0.1, growth=1.5, repeats=20), passes=100),
    "coarse timestamps": Case(traits=Traits(leaves=odd.coarse_clock), passes=100),
    "one answer a second of the host": Case(traits=Traits(answer_gap=1.0, per_host=True), only=UNACCEPTABLE, passes=10),
    "first SYN lost": Case(wire=lambda: wires.first_syn_lost(to_host=False), only=ACTIVE, passes=4),
    "our first SYN lost": Case(wire=lambda: wires.first_syn_lost(to_host=True), passes=95, seconds=120.0),
}

# Servers of every temper on a plain stack.
SERVERS = {
    "daytime": Case(application=Daytime, passes=50),
    "daytime after a line": Case(application=lambda: Daytime(after_line=True), passes=50),
    "closes at once": Case(application=lambda: Daytime(silent=True), passes=50),
    "never closes": Case(application=lambda: Discard(closes=False), passes=50),
    "echo": Case(application=Echo, passes=50),
    "HTTP": Case(application=Http, passes=75),
    "discard": Case(application=Discard, passes=50),
    "relay": Case(application=lambda: odd.LateEcho(0.3), passes=50),
    "chargen": Case(application=odd.Chargen, passes=10),
    "FTP": Case(application=odd.Greeter, passes=50),
}

# Faults: exactly these, and nothing for what follows from them.
FAULTS = {
    "ISN 0": Case(traits=Traits(isn="zero"), only=("isn-differs",), findings=finds(isn_differs="isn.differs")),
    "ISN the same": Case(traits=Traits(isn="same"), only=("isn-differs",), findings=finds(isn_differs="isn.differs")),
    "never repeats": Case(
        traits=Traits(repeats=0),
        only=("open", "two-way-only", "synack-retransmitted", "last-ack-fin", "fin-wait-1-fin"),
        passes=1,
        findings=finds(
            two_way_only="synack.retransmitted",
            synack_retransmitted="synack.retransmitted",
            last_ack_fin="close.lastack-fin-retransmit",
            fin_wait_1_fin="aclose.fin-retransmit",
        ),
        seconds=60.0,
    ),
    "FIN timer that does not grow": Case(
        traits=Traits(fin_rto=0.5, fin_growth=1.0),
        only=("open", "last-ack-fin", "fin-wait-1-fin"),
        passes=1,
        findings=finds(last_ack_fin="close.lastack-fin-retransmit", fin_wait_1_fin="aclose.fin-retransmit"),
    ),
    # MUST-40, told once; an echo, which comes at once, carries its own ACK.
    "ACKs after 1 s": Case(
        traits=Traits(delayed_ack=1.0),
        only=(*OPENS, "delayed-ack"),
        passes=7,
        findings=finds(delayed_ack="ack.under-half-second"),
    ),
    "SYN,ACK with a wrong checksum": Case(
        traits=Traits(leaves=odd.spoiled()), only=("open",), findings=finds(open="hdr.checksum-generated")
    ),
    "first SYN,ACK with a wrong checksum": Case(
        traits=Traits(leaves=odd.spoiled(first_only=True)),
        only=("open",),
        findings=finds(open="hdr.checksum-generated"),
    ),
    "reserved bits echoed": Case(
        traits=Traits(leaves=odd.reserved_echoed),
        only=(*OPENS, "reserved-bits"),
        passes=7,
        findings=finds(reserved_bits="hdr.reserved-zero"),
    ),
    "FIN on text unseen": Case(
        traits=Traits(reads=odd.fin_on_text_unseen),
        only=(*OPENS, "fin-with-data"),
        passes=7,
        findings=finds(fin_with_data="close.fin-with-data"),
    ),
    "silent, and takes any FIN": Case(
        traits=Traits(silent_unacceptable=True, reads=odd.fin_anywhere),
        only=("open", "data-again", "fin-outside", "rst-inside", "listen-rst"),
        passes=3,
        findings=finds(data_again="seg.old-duplicate-acked", fin_outside="close.fin-out-of-window"),
    ),
    "checksum not looked at": Case(
        traits=Traits(reads=odd.checksum_unseen),
        only=(*OPENS, "checksum-data", "checksum-syn"),
        passes=7,
        findings=finds(checksum_data="hdr.checksum-checked", checksum_syn="hdr.checksum-checked"),
    ),
    # MUST-26, told once: every other exchange meets them, too.
    "keep-alives every 0.2 s": Case(
        traits=Traits(keepalive=0.2),
        only=(*OPENS, "delayed-ack", "idle"),
        passes=8,
        findings=finds(idle="seg.keepalive-idle"),
    ),
    "any RST resets": Case(
        traits=Traits(reads=odd.any_rst),
        only=(*OPENS, "rst-outside"),
        passes=7,
        findings=finds(rst_outside="rst.out-of-window-dropped"),
    ),
    "window scale unasked": Case(
        traits=Traits(unasked=frozenset({WSCALE})),
        only=(*OPENS, "options-none", "options-plain"),
        passes=7,
        findings=finds(options_none="opt.ws-only-if-offered", options_plain="opt.ws-only-if-offered"),
    ),
    "RST for FIN": Case(
        traits=Traits(resets_instead_of_fin=True),
        only=("open", "close-by-us", "close-by-peer"),
        passes=1,
        findings=finds(close_by_us="close.passive-fin", close_by_peer="aclose.fin-form"),
    ),
    "hangs at an illegal option": Case(
        traits=Traits(ends=odd.at_illegal_option("hang")),
        only=(*OPENS, "options-illegal"),
        passes=7,
        findings=finds(options_illegal="opt.illegal-length"),
    ),
    # The line is gone with it: whose doing that was cannot be told.
    "aborts at an illegal option": Case(
        doubted=True, traits=Traits(ends=odd.at_illegal_option("abort")), only=(*OPENS, "options-illegal"), passes=7
    ),
    "hangs at a full segment": Case(
        traits=Traits(ends=odd.at_text(1000, "hang")),
        only=(*OPENS, "full-segments"),
        passes=7,
        findings=finds(full_segments="stack.survives"),
    ),
}

# Paths before a plain stack: nothing may be found, and most must still be judged.
PATHS = {
    "1 % lost": Case(doubted=True, wire=lambda: wires.losing(1), passes=90),
    "5 % lost": Case(doubted=True, wire=lambda: wires.losing(5), only=(*OPENS, *UNACCEPTABLE), passes=10),
    "20 % lost": Case(doubted=True, wire=lambda: wires.losing(20), only=OPENS, passes=2, seconds=90.0),
    "reordering": Case(doubted=True, wire=wires.reordering, passes=90),
    "duplication": Case(doubted=True, wire=wires.duplicating, passes=60),
    "200 ms": Case(wire=lambda: wires.delaying(0.1), passes=90),
    "200 ms with jitter": Case(wire=lambda: wires.delaying(0.1, 0.05), only=(*OPENS, *UNACCEPTABLE), passes=14),
    "64 kbit/s": Case(wire=lambda: wires.narrow(8000), only=OPENS, passes=7),
    "black hole at 576": Case(
        doubted=True,
        traits=Traits(mss=536, largest=536),
        wire=lambda: wires.black_hole(576),
        only=(*OPENS, "full-segments", "zero-window-fin"),
        passes=7,
    ),
    "1 % spoiled": Case(doubted=True, wire=lambda: wires.spoiling(1), only=(*OPENS, *UNACCEPTABLE), passes=14),
    "options stripped": Case(wire=wires.stripping, passes=90),
    "timestamps stripped": Case(wire=lambda: wires.stripping(TIMESTAMPS), passes=90),
    "MSS clamped": Case(wire=lambda: wires.clamping(536), passes=90),
    "MSS stripped": Case(wire=lambda: wires.stripping(MSS), only=OPENS, passes=7),
    "numbers rewritten": Case(wire=wires.renumbering, passes=90),
    "far away": Case(wire=lambda: wires.hop_limited(3), only=OPENS, passes=7),
    "SYN,ACKs doubled": Case(wire=wires.doubling_syn_acks, passes=90),
    "ACKs dropped": Case(doubted=True, wire=wires.dropping_acks, passes=60),
    "our RSTs dropped": Case(wire=lambda: wires.dropping_flag(RST, True), passes=60),
    "its RSTs dropped": Case(wire=lambda: wires.dropping_flag(RST, False), passes=50),
    "all RSTs dropped": Case(wire=lambda: wires.dropping_flag(RST, True, False), passes=40),
    "our FINs dropped": Case(wire=lambda: wires.dropping_flag(FIN, True), passes=40),
    "its FINs dropped": Case(wire=lambda: wires.dropping_flag(FIN, False), passes=40),
    "asleep for 6 s": Case(wire=lambda: wires.asleep(6.0), only=OPENS, passes=7),
    "timestamps shifted": Case(wire=wires.restamping, passes=90),
    "loss and reordering": Case(
        doubted=True, wire=lambda: wires.both(wires.losing(3), wires.reordering()), only=OPENS, passes=5
    ),
}

ALL = STACKS | SERVERS | FAULTS | PATHS
LONG = frozenset(
    {
        "never repeats",
        "our first SYN lost",
        "window of 1",
        "window opens after 0.5 s",
        "20 % lost",
        "black hole at 576",
        "SYN,ACK and FIN again after 6 s",
        "duplication",
        "polls every second",
        "one answer a second of the host",
    }
)
"""What takes more than a quarter of a minute."""
QUICK = tuple(name for name, case in ALL.items() if name == "plain" or (case.only and name not in LONG))
"""What every run of the tests meets: a few exchanges each, and one whole check. The rest is met by ``make zoo``."""
