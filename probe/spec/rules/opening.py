"""The documented three-way handshake with a listening peer (RFC 9293 section 3.5, Figure 6)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="open.listen-syn-synack",
        level="SPEC",
        source="RFC 9293 3.10.7.2 third; 3.5 Figure 6",
        sentence=(
            "A listening peer answers a SYN with one segment that has exactly SYN and ACK of the opening flags set."
        ),
        stimulus="LISTEN; <t, SYN>",
        permitted="<p, t+1, SYN,ACK>; SYN-RECEIVED",
        forbidden=(
            "SYN without ACK, ACK without SYN, SYN,ACK with RST or FIN; silence on a port known to listen (repeat "
            "first)"
        ),
        needs=("N",),
        passive=True,
        topic="opening",
        rows=("L4",),
    ),
    Rule(
        id="open.synack-ack-number",
        level="SPEC",
        source="RFC 9293 3.10.7.2 third; 3.4",
        sentence="The SYN,ACK acknowledges the SYN and nothing beyond what was sent.",
        stimulus="LISTEN; <t, SYN> without payload",
        permitted="ACK = t+1 exactly",
        forbidden="any other ACK value (t, t+2, 0)",
        needs=("N",),
        passive=True,
        topic="opening",
    ),
    Rule(
        id="open.final-ack-establishes",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth",
        sentence="The third segment of the handshake establishes the connection silently.",
        stimulus="SYN-RECEIVED; <t+1, p+1, ACK>",
        permitted="no reply (or data from p+1, ACK = t+1); ESTABLISHED; LIVE gives ACK!",
        forbidden="RST; SYN,ACK sent again after the ACK arrived; LIVE gives RST",
        needs=("N",),
        passive=True,
        topic="opening",
        rows=("R9",),
    ),
    Rule(
        id="open.ack-with-data",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth, seventh",
        sentence="Data riding on the handshake ACK is accepted.",
        stimulus="SYN-RECEIVED; <t+1, p+1, ACK, n>",
        permitted="ESTABLISHED; ACK = t+1+n within 0.5 s",
        forbidden="data never acknowledged although the window allowed it; RST",
        needs=("N",),
        needs_note="a stack may hold the ACK back until the application accepts; try with E",
        topic="opening",
        rows=("R9", "E3"),
    ),
    Rule(
        id="open.ack-with-fin",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth, eighth",
        sentence="A FIN riding on the handshake ACK moves the peer to CLOSE-WAIT.",
        stimulus="SYN-RECEIVED; <t+1, p+1, FIN,ACK>",
        permitted="<p+1, t+2, ACK>, possibly merged with the peer's FIN; CLOSE-WAIT",
        forbidden="FIN not acknowledged and not acknowledged on retransmission; RST",
        needs=("N",),
        topic="opening",
        rows=("R9", "E6"),
    ),
    Rule(
        id="open.no-data-in-handshake",
        level="SHOULD",
        level_note="the documented exchange; the RFC has no keyword here",
        source="RFC 9293 3.5 Figure 6 (documented exchange); data on SYN segments is legal, 3.5; 3.10.7.3 fourth",
        sentence=(
            "In an exchange whose SYN carried no data, the handshake is made of empty segments: the SYN,ACK carries "
            "none either."
        ),
        stimulus="LISTEN; <t, SYN> without payload",
        permitted=(
            "<p, t+1, SYN,ACK> without payload; a client peer's <p+1, t+1, ACK> without payload, data following "
            "(data riding on that ACK is allowed by 3.10.7.3 fourth)"
        ),
        forbidden="payload on the SYN,ACK although the SYN had none (legal by 3.5, outside the documented exchange)",
        needs=("N",),
        passive=True,
        topic="opening",
        rows=("L4",),
    ),
    Rule(
        id="open.two-way-only",
        level="SPEC",
        source="RFC 9293 3.5; 3.10.7.4 fifth",
        sentence="Without the third segment no established connection comes to exist.",
        stimulus="LISTEN; <t, SYN>, then nothing",
        permitted=(
            "repetitions of <p, t+1, SYN,ACK>, then silence (a RST when the peer gives up is no established "
            "connection either)"
        ),
        forbidden="data or FIN from the peer; any sign that the application is being served",
        needs=("N",),
        passive=True,
        topic="opening",
        rows=("R7", "R9"),
    ),
)
