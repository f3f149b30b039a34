"""Both ends close at once (RFC 9293 section 3.6 case 3, Figure 13)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="simclose.fin-acked",
        level="SPEC",
        source="RFC 9293 3.6 Figure 13; 3.10.7.4 eighth",
        sentence="A FIN that does not acknowledge the peer's FIN is acknowledged with SEQ f+1.",
        stimulus="FIN-WAIT-1 (FIN at f); <g, f, FIN,ACK>, g = RCV.NXT",
        permitted="<f+1, g+1, ACK>; CLOSING (a retransmitted FIN at f with ACK g+1 may accompany it)",
        forbidden="ACK not g+1; RST",
        needs=("C",),
        topic="simultaneous_close",
        rows=("W4",),
    ),
    Rule(
        id="simclose.fin-still-retransmitted",
        level="SPEC",
        source="RFC 9293 3.10.8",
        sentence="In CLOSING the peer's FIN stays on the retransmission queue.",
        stimulus="CLOSING; silence",
        permitted="<f, g+1, FIN,ACK> repeated",
        forbidden="never repeated",
        needs=("C",),
        topic="simultaneous_close",
        rows=("G1",),
    ),
    Rule(
        id="simclose.dup-fin-reacked",
        level="SPEC",
        source="RFC 9293 3.10.7.4 first",
        sentence="The tester's FIN again draws the ACK again.",
        stimulus="CLOSING; <g, f, FIN,ACK> again",
        permitted="<f+1, g+1, ACK>",
        forbidden="silence; RST",
        needs=("C",),
        topic="simultaneous_close",
        rows=("G1",),
    ),
    Rule(
        id="simclose.ends-in-timewait",
        level="SPEC",
        source="RFC 9293 3.6 Figure 13; 3.10.7.4 fifth",
        sentence="The ACK of its FIN takes the peer to TIME-WAIT.",
        stimulus="CLOSING; <g+1, f+1, ACK>, then the FIN again",
        permitted="silence; then <f+1, g+1, ACK>",
        forbidden="RST to the repeated FIN right away",
        needs=("C",),
        topic="simultaneous_close",
        rows=("G2",),
    ),
)
