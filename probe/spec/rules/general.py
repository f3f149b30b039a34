"""What holds for any segment of any connection: the rules of last resort."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
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
        needs=("N",),
        passive=True,
        topic="general",
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
        needs=("N",),
        passive=True,
        topic="general",
    ),
)
