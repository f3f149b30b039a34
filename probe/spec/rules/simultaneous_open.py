"""Both ends open at once (RFC 9293 section 3.5, Figure 7)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="simopen.syn-in-synsent",
        level="MUST",
        keyword_ids=("MUST-10",),
        source="RFC 9293 3.5 Figure 7; 3.10.7.3 fourth",
        sentence="A SYN without ACK in SYN-SENT is answered by SYN,ACK with the ISN already in use.",
        stimulus="SYN-SENT (<p, SYN> seen); <t, SYN>",
        permitted="<p, t+1, SYN,ACK>; SYN-RECEIVED",
        forbidden="silence; RST; a different ISN; pure ACK only",
        needs=("O",),
        needs_note="no fixed source port is needed: answer to the port the SYN came from",
        topic="simultaneous_open",
        rows=("S7",),
    ),
    Rule(
        id="simopen.completes",
        level="MUST",
        keyword_ids=("MUST-10",),
        source="RFC 9293 3.5 Figure 7; Appendix A.2",
        sentence="The exchange ends ESTABLISHED on both sides.",
        stimulus="SYN-RECEIVED (active); <t, p+1, SYN,ACK>, then if needed <t+1, p+1, ACK>",
        permitted="silence or <p+1, t+1, ACK> to the first; ESTABLISHED at the latest after the second",
        forbidden="RST; endless SYN,ACK exchange",
        needs=("O",),
        topic="simultaneous_open",
        rows=("R3", "R9"),
    ),
    Rule(
        id="simopen.rst-refuses",
        level="SPEC",
        keyword_ids=("MUST-11",),
        source="RFC 9293 3.5; 3.5.3; 3.10.7.4 second",
        sentence="A valid RST in SYN-RECEIVED reached by an active open ends the attempt in CLOSED.",
        stimulus="SYN-RECEIVED (active); <t+1, RST>",
        permitted="silence; no more SYN,ACK; <t+1, p+1, ACK> draws <p+1, RST>",
        forbidden="SYN,ACK goes on; connection can be completed",
        needs=("O",),
        topic="simultaneous_open",
        rows=("R5",),
    ),
)
