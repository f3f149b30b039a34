"""What else can reach a peer in SYN-RECEIVED (RFC 9293 section 3.10.7.4)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="open.dup-syn-in-synrcvd",
        level="SPEC",
        source="RFC 9293 3.10.7.4 first; 3.10.8",
        sentence="The same SYN again does not start a second connection.",
        stimulus="SYN-RECEIVED; <t, SYN> again",
        permitted="<p+1, t+1, ACK>, or the SYN,ACK again with the same p; SYN-RECEIVED",
        forbidden="SYN,ACK with a different ISN; RST",
        needs=("N",),
        passive=True,
        topic="opening",
        rows=("R2",),
    ),
    Rule(
        id="open.new-syn-in-window-synrcvd",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fourth",
        sentence="With a passive origin, a SYN inside the window sends the peer back to LISTEN without an answer.",
        stimulus="SYN-RECEIVED; <t+1+k, SYN>, 0 =< k < RCV.WND",
        permitted="no reply, LISTEN; then <t+1, p+1, ACK> draws <p+1, RST> and a fresh SYN draws a SYN,ACK",
        forbidden=(
            "ACK! is common in stacks and is a deviation from the letter (WARN); SYN,ACK acknowledging the new SYN "
            "while the old one can still be completed; RST"
        ),
        needs=("N",),
        topic="opening",
        rows=("R6",),
    ),
    Rule(
        id="open.syn-out-of-window-synrcvd",
        level="SPEC",
        source="RFC 9293 3.10.7.4 first",
        sentence="A SYN outside the window draws a plain ACK.",
        stimulus="SYN-RECEIVED; <t+1+RCV.WND+2^20, SYN>",
        permitted="<p+1, t+1, ACK>; SYN-RECEIVED",
        forbidden="RST; new SYN,ACK",
        needs=("N",),
        topic="opening",
        rows=("R4",),
    ),
    Rule(
        id="open.unacceptable-ack-rst",
        level="SPEC",
        source="RFC 9293 3.5.2 group 2; 3.10.7.4 fifth",
        sentence=(
            "In SYN-RECEIVED an ACK for something never sent, or for nothing new, draws a RST and changes no state."
        ),
        stimulus="SYN-RECEIVED; <t+1, p, ACK> and separately <t+1, p+2, ACK>",
        permitted=(
            "<SEG.ACK, RST>; SYN-RECEIVED, so <t+1, p+1, ACK> still completes. For p+2 also ACK! when MAY-12 is "
            "implemented"
        ),
        forbidden="ESTABLISHED; silence; RST with another SEQ",
        needs=("N",),
        topic="opening",
        rows=("R10", "R8"),
    ),
    Rule(
        id="open.no-ack-bit-dropped",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth",
        sentence="A segment without the ACK bit changes nothing in SYN-RECEIVED.",
        stimulus="SYN-RECEIVED; <t+1, PSH, n>, <t+1, FIN>",
        permitted="silence; SYN-RECEIVED",
        forbidden="data or FIN acknowledged; RST; ESTABLISHED",
        needs=("N",),
        topic="opening",
        rows=("R7",),
    ),
    Rule(
        id="open.seq-out-of-window-acked",
        level="SPEC",
        source="RFC 9293 3.10.7.4 first",
        sentence="An ACK with the right number but a sequence number outside the window does not establish.",
        stimulus="SYN-RECEIVED; <t+1+RCV.WND+2^20, p+1, ACK>",
        permitted="<p+1, t+1, ACK>; SYN-RECEIVED",
        forbidden="ESTABLISHED; RST",
        needs=("N",),
        topic="opening",
        rows=("R4",),
    ),
    Rule(
        id="open.rst-returns-to-listen",
        level="SPEC",
        keyword_ids=("MUST-11",),
        source="RFC 9293 3.5; 3.5.3; 3.10.7.4 second",
        sentence="A valid RST in SYN-RECEIVED reached from LISTEN returns the peer to LISTEN.",
        stimulus="SYN-RECEIVED; <t+1, RST>",
        permitted="silence; no further SYN,ACK; <t+1, p+1, ACK> then draws <p+1, RST>; a new SYN is answered",
        forbidden="SYN,ACK retransmissions go on; handshake can still be completed; listener dead",
        needs=("N",),
        topic="opening",
        rows=("R5",),
    ),
    Rule(
        id="open.rst-out-of-window-ignored",
        level="SPEC",
        source="RFC 9293 3.5.3; 3.10.7.4 first, second (1)",
        sentence="A RST outside the window is dropped in SYN-RECEIVED.",
        stimulus="SYN-RECEIVED; <t+1+RCV.WND+2^20, RST>, <t, RST>",
        permitted="silence; the ACK still completes the handshake",
        forbidden="connection gone; any reply",
        needs=("N",),
        topic="opening",
        rows=("R1",),
    ),
    Rule(
        id="open.rst-in-window-challenged",
        level="MUST*",
        source="RFC 9293 3.10.7.4 second (3); RFC 5961 3.2",
        sentence=(
            "A RST inside the window but not exactly at RCV.NXT draws a challenge ACK in stacks with the mitigation."
        ),
        stimulus="SYN-RECEIVED; <t+2, RST>",
        permitted="<p+1, t+1, ACK> and SYN-RECEIVED; without the mitigation: silence and LISTEN",
        forbidden="RST; SYN,ACK with new ISN",
        needs=("N",),
        topic="opening",
        rows=("R5",),
    ),
    Rule(
        id="open.listen-while-synrcvd",
        level="MUST",
        keyword_ids=("MUST-42",),
        source="RFC 9293 3.9.1.1",
        sentence="The port goes on listening while connections on it are half open.",
        stimulus="one four-tuple left in SYN-RECEIVED; SYN from another source port",
        permitted="independent <p', t'+1, SYN,ACK>",
        forbidden="silence or RST for the second",
        needs=("N",),
        topic="opening",
    ),
)
