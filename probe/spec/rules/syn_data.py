"""Data on the SYN (RFC 9293 section 3.5)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="syndata.handshake-works",
        level="SPEC",
        source="RFC 9293 3.5; 3.10.7.2 third; 3.10.7.3 fourth",
        sentence="A SYN with payload is answered; the payload need not be accepted.",
        stimulus="LISTEN; <t, SYN, n> without Fast Open option",
        permitted="<p, SEG.ACK, SYN,ACK> with t+1 =< SEG.ACK =< t+1+n (t+1 expected)",
        forbidden="RST; silence (middlebox?); ACK outside that range",
        needs=("N",),
        topic="syn_data",
    ),
    Rule(
        id="syndata.not-delivered-early",
        level="SPEC",
        source="RFC 9293 3.5; 3.10.7.2",
        sentence="The payload reaches the application only after ESTABLISHED (Fast Open with cookie excepted).",
        stimulus="LISTEN at an echo server; <t, SYN, n>, no ACK",
        permitted="no echo before the handshake ACK",
        forbidden="echo earlier",
        needs=("E",),
        topic="syn_data",
    ),
    Rule(
        id="syndata.once-only",
        level="SPEC",
        source="RFC 9293 3.4; 3.10.7.4 first",
        sentence="Whatever was not acknowledged is taken when sent again, and only once.",
        stimulus="after the handshake, resend from the acknowledged number",
        permitted="ACK = t+1+n, echo once",
        forbidden="payload twice or never",
        needs=("E",),
        topic="syn_data",
    ),
)
