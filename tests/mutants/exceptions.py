"""Mutants that are missed and were read: why nothing from outside tells them from a conforming peer."""

from __future__ import annotations

from fnmatch import fnmatchcase

from tests.mutants.table import Mutant

REASONS: dict[str, tuple[str, ...]] = {
    "an application that calls nothing looks the same, and no stack is to blame for that": (
        "OPEN:*.silent",
        "SEND:*.silent",
        "CLOSE:*.silent",
        "CLOSE:*.without-fin",
    ),
    "a port that refuses is a closed one, and may be": ("L4:*.resets", "L4:*.says-rst"),
    "SEG.SEQ = SND.NXT-1 is a keep-alive beside the ACK that may be left out (section 3.8.4)": (
        "E4:*.seq-below",
        "E5:*.seq-below",
    ),
    "the next acknowledgment makes up for it": ("*.snd-una-kept",),
    "in SYN-SENT there is no RCV.NXT: the next SYN sets it": ("S[1248]:*.rcv-nxt-above", "S[1248]:*.takes-all"),
}
"""Reason -> patterns of ids."""


def reason(mutant: Mutant) -> str:
    """Why it cannot be seen; empty: no reason is known."""
    found = (why for why, patterns in REASONS.items() if any(fnmatchcase(mutant.id, p) for p in patterns))
    return next(found, "")
