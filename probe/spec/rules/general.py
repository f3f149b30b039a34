"""What holds for any segment: the header's own fields, and the rules of last resort (RFC 9293 section 3.1)."""

from probe.spec.rules.rule import Rule

# Checksum, reserved bits and addresses (RFC 9293 sections 3.1 and 3.9.1.1).
HEADER: tuple[Rule, ...] = (
    Rule(
        id="hdr.checksum-generated",
        level="MUST",
        keyword_ids=("MUST-2",),
        source="RFC 9293 3.1",
        sentence="Every segment has a right checksum.",
        stimulus="any",
        permitted="verifies with the pseudo-header",
        forbidden="wrong (captures taken on the sending host show offloaded checksums: do not judge those)",
        passive=True,
    ),
    Rule(
        id="hdr.checksum-checked",
        level="MUST",
        keyword_ids=("MUST-3",),
        source="RFC 9293 3.1",
        sentence="A segment with a wrong checksum is discarded.",
        stimulus="LISTEN; SYN with checksum + 1; ESTABLISHED: data, RST with wrong checksum",
        permitted="silence; state unchanged (a corrected copy works)",
        forbidden="any reply; RST honoured. Loopback and virtual links may skip the check: test over a real link",
        rows=("Z1",),
    ),
    Rule(
        id="hdr.reserved-zero",
        level="SPEC",
        level_note="the RFC writes the must in lower case",
        source="RFC 9293 3.1",
        sentence="Reserved bits are zero in generated segments.",
        stimulus="any",
        permitted="zero; a bit may be set only by a peer that implements the feature the bit was assigned to",
        forbidden="set, in particular copied from the SYN",
        passive=True,
    ),
    Rule(
        id="hdr.reserved-ignored",
        level="SPEC",
        level_note="the RFC writes the must in lower case",
        source="RFC 9293 3.1",
        sentence="Reserved bits are ignored on receipt unless the peer implements the feature a bit was assigned to.",
        stimulus="LISTEN; SYN with each of the four bits set; ESTABLISHED: data likewise",
        permitted="normal reaction, bits zero in the answer",
        forbidden="silence; RST",
        rows=("Z5", "L4", "E3", "C2", "L2"),
    ),
    Rule(
        id="hdr.same-address",
        level="MUST",
        keyword_ids=("MUST-45",),
        source="RFC 9293 3.9.1.1",
        sentence="All segments of a connection come from the address first used.",
        stimulus="multi-homed peer; SYN to each address",
        permitted="SYN,ACK from the address contacted",
        forbidden="other source address",
        passive=True,
    ),
)

# What holds for any segment of any connection: the rules of last resort.
GENERAL: tuple[Rule, ...] = (
    Rule(
        id="conn.unexplained",
        level="SPEC",
        source="RFC 9293 3.10.7; 3.10",
        sentence="Every segment of an end follows from some permitted history of its connection.",
        stimulus="any; the fallback when no other rule names the departure",
        permitted=(
            "a segment that at least one believed state explains: a reaction to a segment received, a call of the "
            "application, or a timeout"
        ),
        forbidden="a segment that no permitted history explains, whatever segments were lost or crossed on the way",
        passive=True,
    ),
    Rule(
        id="stack.survives",
        level="SPEC",
        level_note="what is expected of any software, RFC 1122 1.2.2; the listener's answer is RFC 9293's",
        source="RFC 9293 3.10.7.2 third; RFC 1122 1.2.2",
        sentence="A listener goes on answering SYNs, whatever segments came before.",
        stimulus="any segment, then SYNs from other ports",
        permitted="SYN,ACK",
        forbidden="silence that lasts, from every source port: the stack hangs, or has ended",
    ),
    Rule(
        id="stack.mixed-behaviour",
        level="SHOULD",
        level_note="a rule of this tool: the RFC permits each reaction for itself",
        source="RFC 9293 3.10; 3.10.7.4 second, fourth, fifth",
        sentence="Where several reactions are permitted, one stack keeps to one of them within a run.",
        stimulus="the same kind of segment in the same state, more than once",
        permitted=(
            "the same permitted alternative each time, for instance always a challenge ACK or always the classic reset"
        ),
        forbidden=(
            "one alternative here and another there under the same conditions (throttled challenge ACKs, RFC 5961 7, "
            "and lost segments are no mixture)"
        ),
        passive=True,
    ),
)
