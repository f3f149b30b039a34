"""What stacks do otherwise than RFC 9293 says, read up: what its text asks for, and what the stack does instead.

Which exchanges and cells depart, by which rule and how heavily, is what runs found (``tests/live/found.py``). Each row
was looked at in the recording, and read up in the RFC's text; its clause stands in ``due``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.live.found import Triple

States = frozenset[str]


@dataclass(frozen=True, slots=True)
class Deviation:
    """What ``exchange`` shows by ``rule``: ``due`` is what the RFC's text says, with its section."""

    exchange: str
    rule: str
    due: str
    does: str

    @property
    def places(self) -> Iterator[tuple[str, str]]:
        """Each rule it speaks of, with the exchange that shows it."""
        yield self.rule, self.exchange


@dataclass(frozen=True, slots=True)
class Cells:
    """What cells of the matrix show of ``segment``: the rules they break, each with the rows they break it in."""

    segment: str
    due: str
    does: str
    rules: Mapping[str, States]

    @property
    def places(self) -> Iterator[tuple[str, str]]:
        """Each rule it speaks of, with a state where cells show it."""
        yield from ((rule, state) for rule, states in self.rules.items() for state in states)


def unread(found: Iterable[Triple], rows: Iterable[Deviation | Cells]) -> set[tuple[str, str]]:
    """What was found and is in no row, and what is in a row and was not found."""
    return {(rule, place) for place, _, rule in found} ^ {one for row in rows for one in row.places}


def table(rows: Iterable[Deviation], found: Iterable[Triple], stack: str) -> str:
    """A table of Markdown, one row an exchange."""
    words = {(rule, exchange): word for exchange, word, rule in found}
    lines = [f"| exchange | RFC 9293 | {stack} | verdict | rule |", "|---|---|---|---|---|"]
    lines += [f"| `{r.exchange}` | {r.due} | {r.does} | {words[r.rule, r.exchange]} | `{r.rule}` |" for r in rows]
    return "\n".join([*lines, ""])


def cells_table(rows: Iterable[Cells], found: Iterable[Triple], stack: str) -> str:
    """A table of Markdown, one row a kind of segment."""
    words = {(word, rule, state) for state, word, rule in found}
    lines = [f"| segment, state | RFC 9293 | {stack} | verdict and rules |", "|---|---|---|---|"]
    for row in rows:
        told = []
        for word in ("fail", "warn"):
            own = [f"`{rule}`" for rule, states in row.rules.items() if any((word, rule, s) in words for s in states)]
            told += [f"{word}: {' '.join(own)}"] if own else []
        lines.append(f"| {row.segment} | {row.due} | {row.does} | {'; '.join(told)} |")
    return "\n".join([*lines, ""])


AFTER_FIN = frozenset({"CLOSE-WAIT", "CLOSING", "LAST-ACK"})
OPEN = frozenset({"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"})


def _in(*states: str) -> States:
    return frozenset(states)


LINUX = (
    Cells(
        "no ACK, SYN or RST flag (FIN, NULL), outside the window; ESTABLISHED to LAST-ACK, SYN-RECEIVED by active open",
        "an unacceptable segment is acknowledged (3.10.7.4 first; 3.5.2 group 3)",
        "dropped before the sequence number is looked at (`tcp_rcv_established`, `tcp_rcv_state_process`)",
        rules={
            "seg.out-of-window-acked": OPEN | AFTER_FIN,
            "seg.below-window-empty": OPEN | AFTER_FIN,
            "seg.old-duplicate-acked": OPEN,
            "close.data-before-fin-again": AFTER_FIN,
            "close.fin-out-of-window": OPEN | AFTER_FIN,
            "close.fin-retransmit-reacked": _in("CLOSE-WAIT", "LAST-ACK"),
            "simclose.dup-fin-reacked": _in("CLOSING"),
            "open.seq-out-of-window-acked": _in("SYN-RECEIVED"),
        },
    ),
    Cells(
        "RST outside the window, FIN-WAIT-2 after a close",
        "dropped without an answer (3.10.7.4 first: unless the RST bit is set)",
        "acknowledged: the small TIME-WAIT block that stands for an orphaned FIN-WAIT-2 answers whatever lies outside "
        "(`tcp_timewait_state_process`)",
        rules={
            "rst.out-of-window-dropped": _in("FIN-WAIT-2"),
        },
    ),
    Cells(
        "ACK of what was never sent, FIN-WAIT-2 after a close",
        "ACK, dropped (3.10.7.4 fifth)",
        "the same block checks no ACK: silence, a RST to text, a FIN is taken "
        "(kernels before 6.18 are silent in the other states, too)",
        rules={
            "seg.ack-of-unsent": _in("FIN-WAIT-2"),
        },
    ),
    Cells(
        "text over the FIN: starts before RCV.NXT and goes beyond; CLOSE-WAIT",
        "ignored (3.10.7.4 seventh); a RST is due only to text after the user's CLOSE (SHLD-3)",
        "RST, although its user has not closed",
        rules={
            "close.data-after-fin-ignored": _in("CLOSE-WAIT"),
        },
    ),
    Cells(
        "SYN in the window, SYN-RECEIVED from LISTEN",
        "back to LISTEN, no answer (3.10.7.4 fourth)",
        "RST (`tcp_check_req`), as RFC 793 had it; also where only the text behind the SYN lies in the window",
        rules={
            "open.new-syn-in-window-synrcvd": _in("SYN-RECEIVED"),
            "open.syn-out-of-window-synrcvd": _in("SYN-RECEIVED"),
        },
    ),
    Cells(
        "ACK of SND.UNA (the SYN is not acknowledged), SYN-RECEIVED from SYN-SENT",
        "RST (3.10.7.4 fifth)",
        "taken: ESTABLISHED, although nobody acknowledged the SYN (`tcp_ack` takes a duplicate for good)",
        rules={
            "open.unacceptable-ack-rst": _in("SYN-RECEIVED"),
        },
    ),
    Cells(
        "text or FIN on the SYN,ACK, SYN-SENT",
        "processed (3.10.7.3 fourth: at the sixth step of 3.10.7.4)",
        "left out, and taken when it comes again (`tcp_rcv_synsent_state_process`)",
        rules={
            "active.synack-with-data": _in("SYN-SENT"),
        },
    ),
    Cells(
        "SYN+FIN, LISTEN and TIME-WAIT",
        "the SYN is answered; the FIN is queued (3.10.7.2 third)",
        "dropped; in TIME-WAIT the block is deleted first",
        rules={
            "listen.syn-fin": _in("LISTEN"),
            "timewait.syn-newer-seq": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "FIN or NULL in the window, TIME-WAIT",
        "dropped (3.10.7.4 fifth)",
        "acknowledged (`tcp_timewait_state_process`)",
        rules={
            "close.fin-without-ack-dropped": _in("TIME-WAIT"),
            "seg.no-ack-bit-dropped": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "RST in the window, not at RCV.NXT, TIME-WAIT",
        "challenged, or CLOSED (3.10.7.4 second)",
        "ignored (`tcp_timewait_state_process`), as fix F1 of RFC 1337 has it for every RST; one at RCV.NXT counts",
        rules={
            "timewait.rst": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "RST with text that reaches over the right edge, CLOSING",
        "trimmed: a RST in the window is challenged (SHOULD)",
        "dropped whole while something lies unread, and the FIN does: no answer",
        rules={
            "rst.in-window-challenge": _in("CLOSING"),
        },
    ),
)
"""Cells of Linux 6.18, over both IP versions."""

LWIP = (
    Deviation(
        "old-syn-syn-received",
        "open.syn-out-of-window-synrcvd",
        "a SYN outside the window draws an ACK (3.10.7.4 first)",
        "ignored (`tcp_process`, SYN_RCVD)",
    ),
    Deviation(
        "closed-no-ack",
        "closed.seglen-counts",
        "the RST acknowledges SYN and FIN, two numbers (3.4; 3.10.7.1)",
        "SYN and FIN together count one (`tcp_input`)",
    ),
    Deviation(
        "data-without-ack",
        "seg.no-ack-bit-dropped",
        "no ACK bit: dropped (3.10.7.4 fifth)",
        "text taken and acknowledged (`tcp_receive`)",
    ),
    Deviation(
        "fin-without-ack",
        "close.fin-without-ack-dropped",
        "no ACK bit: dropped (3.10.7.4 fifth)",
        "FIN taken and acknowledged (`tcp_receive`)",
    ),
    Deviation(
        "time-wait-rst",
        "timewait.rst",
        "a RST ends TIME-WAIT (3.10.7.4 second)",
        "ignored, as RFC 1337 has it (`tcp_timewait_input`)",
    ),
)
"""lwIP 2.1, over both IP versions."""

LWIP_CELLS = (
    Cells(
        "SYN+FIN with text, CLOSED",
        "the RST acknowledges SYN, FIN and text (3.4; 3.10.7.1)",
        "SYN and FIN together count one (`tcp_input`)",
        rules={
            "closed.seglen-counts": _in("CLOSED"),
        },
    ),
    Cells(
        "no ACK, SYN-RECEIVED",
        "a SYN in the window returns to LISTEN, what lies outside draws an ACK (3.10.7.4 first, fourth)",
        "only the SYN of this connection is answered, the window is not looked at (`tcp_process`, SYN_RCVD)",
        rules={
            "open.new-syn-in-window-synrcvd": _in("SYN-RECEIVED"),
            "open.syn-out-of-window-synrcvd": _in("SYN-RECEIVED"),
            "open.seq-out-of-window-acked": _in("SYN-RECEIVED"),
        },
    ),
    Cells(
        "ACK of what was never sent, ESTABLISHED to FIN-WAIT-2",
        "ACK, dropped with its text (3.10.7.4 fifth)",
        "answered, and text is taken (`tcp_receive`)",
        rules={
            "seg.ack-of-unsent": OPEN,
        },
    ),
    Cells(
        "no ACK bit, ESTABLISHED to TIME-WAIT",
        "dropped (3.10.7.4 fifth)",
        "the bit is looked at for the ACK field alone: text and FIN are taken; behind a FIN, answered (`tcp_receive`)",
        rules={
            "seg.no-ack-bit-dropped": OPEN | {"CLOSING", "LAST-ACK", "TIME-WAIT"},
            "close.fin-without-ack-dropped": _in("CLOSING", "LAST-ACK", "TIME-WAIT"),
        },
    ),
    Cells(
        "SYN, TIME-WAIT",
        "one in the window is acknowledged, or reset with the connection, or opens anew (3.10.7.4 fourth; 3.6.1)",
        "one in the window draws a RST, and TIME-WAIT stays (`tcp_timewait_input`)",
        rules={
            "synsync.closing-states": _in("TIME-WAIT"),
            "timewait.syn-newer-seq": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "RST in the window, TIME-WAIT",
        "it ends TIME-WAIT (3.10.7.4 second); RFC 1337 has it ignored, a custom by name",
        "ignored (`tcp_timewait_input`)",
        rules={
            "timewait.rst": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "unacceptable segment without SYN, FIN or text, TIME-WAIT",
        "acknowledged (3.10.7.4 first)",
        "only what occupies sequence space is (`tcp_timewait_input`)",
        rules={
            "timewait.old-segment-acked": _in("TIME-WAIT"),
        },
    ),
    Cells(
        "RST in the window, TIME-WAIT",
        "CLOSED, or challenged where it is not at RCV.NXT (3.10.7.4 second)",
        "ignored, as RFC 1337 has it (`tcp_timewait_input`)",
        rules={
            "timewait.rst": _in("TIME-WAIT"),
        },
    ),
)
"""Cells of lwIP 2.1, without the columns that end it (`tests/live/test_lwip.py`)."""

LIBSLIRP = (
    Deviation(
        "bad-ack-syn-received",
        "open.unacceptable-ack-rst",
        "an ACK of SND.UNA does not acknowledge the SYN: RST (3.10.7.4 fifth)",
        "taken for good, no RST",
    ),
    Deviation(
        "syn-again-syn-received",
        "open.dup-syn-in-synrcvd",
        "the SYN again draws an ACK, or the SYN,ACK (3.10.7.4 first; 3.10.8)",
        "no answer: what has no ACK bit is dropped before it is acknowledged",
    ),
    Deviation(
        "old-syn-syn-received",
        "open.syn-out-of-window-synrcvd",
        "a SYN outside the window draws an ACK (3.10.7.4 first)",
        "the same",
    ),
    Deviation("old-syn-established", "halfopen.syn-out-of-window", "the same (3.10.7.4 first; 3.5.1)", "the same"),
    Deviation("syn-again-established", "synsync.retransmitted-syn", "the same (3.10.7.4 first)", "the same"),
    Deviation(
        "rst-outside-syn-received",
        "open.rst-out-of-window-ignored",
        "a RST outside the window is dropped (3.5.3; 3.10.7.4 first)",
        "it ends the connection",
    ),
    Deviation(
        "close-wait-data",
        "close.data-after-fin-ignored",
        "text behind our FIN is ignored (3.10.7.4 seventh, CLOSE-WAIT)",
        "taken and acknowledged",
    ),
    Deviation(
        "listen-nothing",
        "listen.no-syn-ack-rst-dropped",
        "neither SYN, ACK nor RST: dropped (3.10.7.2 fourth)",
        "RST",
    ),
    Deviation(
        "time-wait-data",
        "timewait.data-ignored",
        "TIME-WAIT stays, and acknowledges (3.10.7.4 first, seventh; 3.6.1)",
        "there is no TIME-WAIT: RST",
    ),
    Deviation(
        "options-mss",
        "opt.mss-respected",
        "the MSS we told bounds its segments (3.7.1, MUST-16)",
        "not looked at on a connection that is relayed",
    ),
    Deviation(
        "options-no-mss",
        "opt.mss-default",
        "without one at most 536 octets (3.7.1, MUST-15)",
        "1,010 octets",
    ),
)
"""libslirp 4.7 (slirp4netns), IPv4: those that a few exchanges show."""

PASST = (
    Deviation(
        "fin-out-of-order",
        "close.fin-out-of-order",
        "a FIN behind a gap waits for what is missing (3.10.7.4 first; 3.4)",
        "taken at once: one more is acknowledged",
    ),
    Deviation(
        "fin-outside",
        "close.fin-out-of-window",
        "a FIN outside the window is acknowledged and dropped (3.10.7.4 first)",
        "taken: one more is acknowledged",
    ),
    Deviation(
        "fin-without-ack",
        "close.fin-without-ack-dropped",
        "no ACK bit: dropped (3.10.7.4 fifth)",
        "taken: one more is acknowledged",
    ),
    Deviation(
        "data-without-ack",
        "seg.no-ack-bit-dropped",
        "no ACK bit: dropped (3.10.7.4 fifth)",
        "text is taken and acknowledged",
    ),
    Deviation(
        "checksum-data",
        "hdr.checksum-checked",
        "a wrong checksum: discarded (3.1, MUST-3)",
        "text is taken and acknowledged",
    ),
)
"""passt 2023-03-09 (pasta), IPv4: those that a few exchanges show."""

SMOLTCP = (
    Deviation(
        "synack-retransmitted",
        "synack.initial-rto",
        "the SYN,ACK comes again after 1 s at the earliest (3.8.1; RFC 6298 2.1)",
        "after 0.7 s",
    ),
    Deviation(
        "synack-retransmitted",
        "synack.backoff",
        "the second time after twice as long (3.8.1; RFC 6298 5.5)",
        "after 0.7 s once more: what is doubled is the wait after the next",
    ),
    Deviation(
        "fin-wait-1-fin",
        "aclose.fin-retransmit",
        "the same of a FIN (3.10.8; RFC 6298 5.5)",
        "the same",
    ),
    Deviation(
        "last-ack-fin",
        "close.lastack-fin-retransmit",
        "the same (3.10.8; RFC 6298 5.5)",
        "the same",
    ),
    Deviation(
        "closing-fin-again",
        "simclose.fin-still-retransmitted",
        "a FIN that was not acknowledged comes again (3.10.8)",
        "ours that crosses it ends its timer: it never comes again",
    ),
    Deviation(
        "last-ack-wrong-ack",
        "close.lastack-wrong-ack",
        "the same (3.10.7.4 fifth, LAST-ACK; 3.10.8)",
        "an ACK that does not cover it ends its timer, too",
    ),
    Deviation(
        "old-syn-syn-received",
        "open.syn-out-of-window-synrcvd",
        "a SYN outside the window draws an ACK (3.10.7.4 first)",
        "no answer: what has no ACK bit is dropped first",
    ),
    Deviation(
        "old-syn-established",
        "halfopen.syn-out-of-window",
        "the same (3.10.7.4 first; 3.5.1)",
        "the same",
    ),
    Deviation(
        "half-open-syn",
        "halfopen.syn-out-of-window",
        "the same (3.10.7.4 first; 3.5.1 Figure 9)",
        "the same",
    ),
    Deviation(
        "syn-again-established",
        "synsync.retransmitted-syn",
        "the same (3.10.7.4 first)",
        "the same",
    ),
    Deviation(
        "syn-fin-wait-2",
        "synsync.closing-states",
        "the same (3.10.7.4 first)",
        "the same",
    ),
    Deviation(
        "syn-inside",
        "synsync.in-window",
        "a SYN in the window is challenged, or resets (3.10.7.4 fourth)",
        "the same",
    ),
    Deviation(
        "time-wait-new-syn",
        "timewait.syn-newer-seq",
        "a newer SYN opens anew, or is acknowledged (3.6.1; 3.10.7.4 first)",
        "the same",
    ),
    Deviation(
        "rst-outside",
        "rst.out-of-window-dropped",
        "a RST outside the window is dropped without an answer (3.10.7.4 first)",
        "acknowledged like all that is unacceptable",
    ),
    Deviation(
        "rst-outside-syn-received",
        "open.rst-out-of-window-ignored",
        "the same (3.5.3; 3.10.7.4 first)",
        "the same",
    ),
    Deviation(
        "time-wait-rst-outside",
        "timewait.rst-out-of-window",
        "the same (3.10.7.4 first)",
        "the same",
    ),
    Deviation(
        "fin-out-of-order",
        "seg.out-of-order-held",
        "what lies behind a gap should be held (3.10.7.4 first, SHLD-31)",
        "its text is, its FIN is not",
    ),
    Deviation(
        "old-ack",
        "seg.ack-too-old",
        "text with an ACK far in the past draws an ACK (3.10.7.4 fifth; RFC 5961 5.2)",
        "an ACK below SND.UNA drops text and all, in silence",
    ),
)
"""smoltcp as of 2024 (mitmproxy_rs 0.11.1), IPv4."""

EXCHANGES = {"lwIP": LWIP, "libslirp": LIBSLIRP, "passt": PASST, "smoltcp": SMOLTCP}
"""By the names of ``found.json``."""
CELLS = {"Linux": LINUX, "lwIP, matrix": LWIP_CELLS}
