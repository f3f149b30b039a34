"""Mutants that are missed and were read: why nothing tells them from a conforming peer, or what would."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase

from tests.mutants.table import Mutant


class Kind(StrEnum):
    """What a reason comes to."""

    UNSEEN = "cannot be seen from outside"
    UNPLAYED = "would be seen in an exchange that is missing"


def _at(name: str, *rows: str) -> tuple[str, ...]:
    """The operator of that name at these rows, under every rule unless one is named."""
    return tuple(f"{row}.{name}" if ":" in row else f"{row}:*.{name}" for row in rows)


REASONS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.UNSEEN: {
        "an application that calls nothing looks the same, and no stack is to blame for that": (
            *_at("silent", "OPEN", "SEND", "CLOSE"),
            *_at("without-fin", "CLOSE"),
            *_at("keeps-state", "E6"),
        ),
        "a port that refuses is a closed one, one that answers SYN,ACK an open one, and either may be": (
            *_at("resets", "L4"),
            *_at("says-rst", "L4"),
            *_at("says-syn-ack", "C1", "C2"),
        ),
        "SEG.SEQ = SND.NXT-1 is a keep-alive (section 3.8.4) beside the ACK that may be left out": (
            *_at("seq-below", "E4", "E5"),
        ),
        "the next acknowledgment makes up for it, and opens what this one was to open": (
            *_at("snd-una-kept", "A3", "E2", "E3", "E4", "E5", "E6", "G3", "K2", "K3", "K4", "R3", "R9", "S6"),
            *_at("stays", "A3", "E2", "E5", "G3", "K2", "R3"),
            *_at("keeps-state", "E3", "E4", "E5", "K3", "K4"),
        ),
        "in SYN-SENT there is no RCV.NXT: the next SYN sets it": (
            *_at("rcv-nxt-above", "S1", "S2", "S4", "S8"),
            *_at("takes-all", "S1", "S2", "S4", "S8"),
        ),
        "the own FIN, sent or sent again, carries it; how late, close-by-us judges": _at("silent", "E6", "W4"),
        "what opens at an impossible option, or is said to end, is refused at once by the tester": _at("*", "Z4"),
        "text that is held may be thrown away (SHLD-31)": _at("held-lost", "F4"),
    },
    Kind.UNPLAYED: {
        "with text or FIN outstanding, and a wait for the timer behind it": (
            *_at("snd-una-above", "E*", "F*", "G3", "K3", "K4", "R5", "W3"),
            *_at("silent", "RETRANSMIT:ESTABLISHED", "RETRANSMIT:CLOSE-WAIT"),
            *_at("stays", "RETRANSMIT:CLOSING"),
            *_at("to-time-wait", "RETRANSMIT:CLOSING"),
        ),
        "with a wait for the SYN,ACK again behind it: ESTABLISHED sends none": _at("to-established", "L4", "R*", "T1"),
        "with text behind the FIN, which only ESTABLISHED takes": (
            *_at("to-established", "E6", "F2", "F3", "F4", "F9", "G2", "T*", "V2", "V3", "V4"),
        ),
        "with a wait for the end of 2MSL, as time-wait-over has it on another way": (
            *_at("keeps-state", "G2", "V4", "W2", "W3", "W4"),
        ),
        "with text in order behind it, which must be taken": (
            *_at("to-close-wait", "E3", "L4", "R*", "S6", "RETRANSMIT", "T1"),
            *_at("to-time-wait", "E3", "F5", "F6", "F9", "G3", "L4", "R5", "S6", "SEND", "V2", "W3"),
            *_at("to-time-wait", "RETRANSMIT:ESTABLISHED"),
        ),
        "with a FIN that the application is made to send behind it": (
            *_at("to-time-wait", "E6", "F4", "K3", "K4", "RETRANSMIT:CLOSE-WAIT"),
        ),
        "with a question between it and what follows": (
            *_at("rcv-nxt-above", "F1", "F2", "T1"),
            *_at("takes-all", "F4:timewait.old-segment-acked"),
        ),
    },
}
"""Kind -> reason -> patterns of ids."""


def reason(mutant: Mutant) -> tuple[Kind, str] | None:
    """Why it is missed; None where that is not known."""
    found = (
        (kind, why)
        for kind, reasons in REASONS.items()
        for why, patterns in reasons.items()
        if any(fnmatchcase(mutant.id, pattern) for pattern in patterns)
    )
    return next(found, None)
