"""How long an acknowledgment may wait (RFC 9293 section 3.8.6.3)."""

from __future__ import annotations

from probe.spec.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="ack.under-half-second",
        level="MUST",
        keyword_ids=("MUST-40",),
        source="RFC 9293 3.8.6.3",
        sentence="Data in order is acknowledged in less than 0.5 s.",
        stimulus="ESTABLISHED; one small segment",
        permitted="ACK within 0.5 s plus path delay",
        forbidden="later",
        needs=("N",),
        passive=True,
        topic="delayed_ack",
    ),
    Rule(
        id="ack.every-second-full-segment",
        level="SHOULD",
        keyword_ids=("SHLD-19",),
        source="RFC 9293 3.8.6.3",
        sentence="Two full-sized segments draw an ACK at once.",
        stimulus="ESTABLISHED; 2 x RMSS octets back to back",
        permitted="ACK of both without the delay timer",
        forbidden="only after the timer (WARN)",
        needs=("N",),
        passive=True,
        topic="delayed_ack",
    ),
    Rule(
        id="ack.delayed-at-all",
        level="SHOULD",
        keyword_ids=("SHLD-18",),
        source="RFC 9293 3.8.6.3",
        sentence="Delayed ACK is implemented.",
        stimulus="ESTABLISHED; single small segments",
        permitted="ACK after a short delay or riding on data (immediate ACKs early in a connection are common: INFO)",
        forbidden="none: an ACK without delay is only reported",
        needs=("N",),
        passive=True,
        topic="delayed_ack",
    ),
    Rule(
        id="ack.fin-prompt",
        level="MUST",
        keyword_ids=("MUST-40",),
        level_note="MUST-40 is borrowed as the bound",
        source="RFC 9293 3.10.7.4 eighth; 3.8.6.3",
        sentence="The ACK of a FIN is not held longer than a data ACK.",
        stimulus="ESTABLISHED; FIN",
        permitted="ACK, or FIN,ACK, within 0.5 s",
        forbidden="later",
        needs=("N",),
        passive=True,
        topic="delayed_ack",
    ),
)
