"""A refused connection and segments for no connection (RFC 9293 section 3.10.7.1)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="closed.syn-refused",
        level="SPEC",
        source="RFC 9293 3.5.2 group 1; 3.10.7.1",
        sentence="A SYN to a port without listener is refused with SEQ 0 and an ACK covering the SYN.",
        stimulus="CLOSED; <t, SYN>",
        permitted="<0, t+1, RST,ACK>",
        forbidden="silence (firewall: say 'filtered', not FAIL); SEQ not 0; ACK not t+1; ACK flag missing",
        needs=("N",),
        needs_note="closed port",
        passive=True,
        topic="closed",
        rows=("C2",),
    ),
    Rule(
        id="closed.seglen-counts",
        level="SPEC",
        source="RFC 9293 3.4; 3.5.2; 3.10.7.1",
        sentence="The ACK number of the RST from a closed port counts payload, SYN and FIN.",
        stimulus="CLOSED; <t, SYN, n>, <t, SYN,FIN>, <t, FIN>, <t, no flags>, <t, PSH, n>",
        permitted="SEQ 0, flags RST,ACK, ACK = t+1+n, t+2, t+1, t, t+n",
        forbidden="other ACK value; silence",
        needs=("N",),
        needs_note="closed port",
        topic="closed",
        rows=("C2",),
    ),
    Rule(
        id="closed.ack-rst-seq",
        level="SPEC",
        source="RFC 9293 3.5.2 group 1; 3.10.7.1",
        sentence="A segment with ACK draws a RST whose SEQ is the offending ACK number.",
        stimulus="CLOSED; <s, a, ACK>, <s, a, SYN,ACK>, <s, a, FIN,ACK>, <s, a, PSH,ACK, n>",
        permitted="<a, RST>, ACK flag clear (set: format note)",
        forbidden="SEQ not a; silence; SYN,ACK",
        needs=("N",),
        needs_note="closed port or unused four-tuple",
        passive=True,
        topic="closed",
        rows=("C3",),
    ),
    Rule(
        id="closed.rst-silent",
        level="SPEC",
        source="RFC 9293 3.5.2 group 1; 3.10.7.1",
        sentence="A RST never draws a reply.",
        stimulus="CLOSED; <s, RST>, <s, a, RST,ACK>",
        permitted="silence",
        forbidden="any reply, in particular a RST",
        needs=("N",),
        needs_note="closed port",
        passive=True,
        topic="closed",
        rows=("C1",),
    ),
)
