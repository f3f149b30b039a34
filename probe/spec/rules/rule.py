"""What one rule of the catalogue is: a requirement on the wire, how to provoke it and how to tell the reactions apart.

Notation of the texts. ``t`` is the ISN of the tester, ``p`` that of the peer; ``RCV.*`` and ``SND.*`` are the peer's
variables; arithmetic is modulo 2^32 and ``=<`` is "at most", as in RFC 9293. ``<SEQ, ACK, flags, LEN>`` is a segment; a
missing ACK means that its ACK flag is clear. ``u`` and ``g`` are the sequence numbers of the tester's FIN, ``f`` and
``w`` of the peer's, ``n`` a number of octets. ``ACK!`` is ``<SND.NXT, RCV.NXT, ACK>`` without payload. ``LIVE`` is the
probe ``<RCV.NXT-1, SND.NXT, ACK>`` without payload: ``ACK!`` answers it while the connection exists, ``<SND.NXT, RST>``
when it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The levels a rule can have."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SPEC = "SPEC"
    """Procedural text without a keyword."""
    SHOULD = "SHOULD"
    MAY = "MAY"
    MUST_IF = "MUST*"
    """A MUST inside an optional mechanism."""


APPLICATIONS = {
    "N": "nothing: any listening port, or a closed one where the rule says so",
    "E": "the server reads and answers, or reads to end of file and closes (echo, HTTP, SSH)",
    "C": "the server closes first (HTTP/1.0 request, daytime, time, an idle timeout)",
    "H": "the server stays open after our FIN, in CLOSE-WAIT",
    "S": "the server shuts down only its writing side and goes on reading",
    "O": "the peer connects out to the tester",
    "A": "the application aborts the connection",
    "Z": "the application stops reading, so that the receive window closes",
}
"""What the codes in ``Rule.needs`` ask of the peer's application."""

_SEVERITIES = {
    "MUST": "fail",
    "MUST NOT": "fail",
    "SPEC": "by-effect",
    "SHOULD": "warn",
    "MAY": "by-effect",
    "MUST*": "by-effect",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One requirement that can be judged on the wire.

    ``level`` is a word of ``Level``, ``keyword_ids`` the RFC's own marks ("MUST-11"); ``source`` gives RFC and section,
    several joined by "; ", where a bare section number belongs to the RFC named before it. ``stimulus`` is what the
    tester does, in which state of the peer; ``permitted`` are the conformant reactions, ``forbidden`` the others.
    ``needs`` are codes of ``APPLICATIONS``, most often "N"; with several, each serves a part of the rule or, as
    ``needs_note`` says, an alternative. ``passive`` rules can be judged on a saved capture too. ``rows`` are rows of
    the design's SEGMENT ARRIVES decision tables ("L4", "R9").
    """

    id: str
    level: str
    keyword_ids: tuple[str, ...] = ()
    level_note: str = ""
    source: str
    sentence: str
    stimulus: str
    permitted: str
    forbidden: str
    needs: tuple[str, ...] = ("N",)
    needs_note: str = ""
    passive: bool = False
    rows: tuple[str, ...] = ()
    custom: str = ""

    @property
    def severity(self) -> str:
        """What breaking the rule amounts to: ``fail`` (MUST), ``warn`` (SHOULD, or a custom), or ``by-effect``.

        Procedural text, what a permission leaves, and a MUST of an optional mechanism: ``fail`` where the connection
        becomes something else, ``warn`` where only a reply is not as it must be. ``custom`` names a widespread habit
        that breaks the letter on purpose.
        """
        return "warn" if self.custom else _SEVERITIES[self.level]
