"""What a departure did to the connection, which its weight hangs on."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """What a departure did to the connection: the weight of procedural text, which has no keyword, hangs on it."""

    ITSELF = ""
    """Nothing else was asked: what was left out or came wrong is the matter itself."""
    CHANGED = "changed"
    """State, numbers, text or FIN are not what the RFC makes of them."""
    KEPT = "kept"
    """A reply was missing, one too many or of another form; a later answer shows the connection as it must be."""
    UNTOLD = "untold"
    """The same, and nothing that came later tells what became of the connection."""
    EDGE = "edge"
    """What lies at the window's edge counted as within (RFC 9293 section 3.10.7.4, Appendix A.2; 3.8.6.2.2)."""
    MEASURED = "measured"
    """Nothing departs: a duration that the text leaves open is told."""

    @property
    def text(self) -> str:
        """For people; empty where there is nothing to tell."""
        return _EFFECTS[self]


_EFFECTS = {
    Effect.ITSELF: "",
    Effect.CHANGED: "the connection is not what it must be",
    Effect.KEPT: "the connection is what it must be",
    Effect.UNTOLD: "nothing shows what became of the connection",
    Effect.EDGE: "a number at the very edge of the window (Appendix A.2)",
    Effect.MEASURED: "measured",
}
