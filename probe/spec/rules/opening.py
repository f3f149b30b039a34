"""The peer is called: the handshake with a port that listens (RFC 9293 sections 3.5 and 3.10.7)."""

from probe.spec.rules.rule import Rule

OPENING: tuple[Rule, ...] = (
    # The documented three-way handshake with a listening peer (RFC 9293 section 3.5, Figure 6).
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
        passive=True,
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
        passive=True,
    ),
    Rule(
        id="open.final-ack-establishes",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fifth",
        sentence="The third segment of the handshake establishes the connection silently.",
        stimulus="SYN-RECEIVED; <t+1, p+1, ACK>",
        permitted="no reply (or data from p+1, ACK = t+1); ESTABLISHED; LIVE gives ACK!",
        forbidden="RST; SYN,ACK sent again after the ACK arrived; LIVE gives RST",
        passive=True,
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
        needs_note="a stack may hold the ACK back until the application accepts; try with E",
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
        passive=True,
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
        passive=True,
        rows=("R7", "R9"),
    ),
    # What else can reach a peer in SYN-RECEIVED (RFC 9293 section 3.10.7.4).
    Rule(
        id="open.dup-syn-in-synrcvd",
        level="SPEC",
        source="RFC 9293 3.10.7.4 first; 3.10.8",
        sentence="The same SYN again does not start a second connection.",
        stimulus="SYN-RECEIVED; <t, SYN> again",
        permitted="<p+1, t+1, ACK>, or the SYN,ACK again with the same p; SYN-RECEIVED",
        forbidden="SYN,ACK with a different ISN; RST",
        passive=True,
        rows=("R2",),
    ),
    Rule(
        id="open.new-syn-in-window-synrcvd",
        level="SPEC",
        source="RFC 9293 3.10.7.4 fourth",
        sentence="With a passive origin, a SYN inside the window sends the peer back to LISTEN without an answer.",
        stimulus="SYN-RECEIVED; <t+1+k, SYN>, 0 =< k < RCV.WND",
        permitted="no reply, LISTEN; then <t+1, p+1, ACK> draws <p+1, RST> and a fresh SYN draws a SYN,ACK",
        forbidden="ACK! or SYN,ACK while the old connection can still be completed; a RST (LISTEN all the same: WARN)",
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
    ),
)

# Data on the SYN (RFC 9293 section 3.5).
SYN_DATA: tuple[Rule, ...] = (
    Rule(
        id="syndata.handshake-works",
        level="SPEC",
        source="RFC 9293 3.5; 3.10.7.2 third; 3.10.7.3 fourth",
        sentence="A SYN with payload is answered; the payload need not be accepted.",
        stimulus="LISTEN; <t, SYN, n> without Fast Open option",
        permitted="<p, SEG.ACK, SYN,ACK> with t+1 =< SEG.ACK =< t+1+n (t+1 expected)",
        forbidden="RST; silence (middlebox?); ACK outside that range",
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
        rows=("L4",),
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
        rows=("E3",),
    ),
)
