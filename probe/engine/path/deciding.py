"""Which exchanges decide over a suspect that what was played so far only points to."""

from __future__ import annotations

from probe.results.path import Path, Suspect

_KEPT_BACK = ("listen-ack", "bad-ack-syn-received", "data-outside", "fin-outside", "data-again")
_BY_SUSPECT = {
    Suspect.FILTER: _KEPT_BACK,
    Suspect.FLAGS: ("listen-unusual", "closed-unusual", "closed-no-ack", "closed-ack"),
    Suspect.OPTIONS: ("listen-unusual", "closed-unusual", "options-unknown", "options-on-data"),
    Suspect.TRANSLATION: _KEPT_BACK,
    Suspect.PROXY: ("syn-again-established", "old-syn-established", "syn-inside"),
}
"""What a filter drops and what it lets through; SYNs on connections that stand, which a SYN proxy answers; what is
unusual in a header, where there is no connection."""


def deciding(path: Path) -> tuple[str, ...]:
    """The ids of exchanges to be played beside those asked for."""
    return tuple(dict.fromkeys(name for one, names in _BY_SUSPECT.items() if path.hinted(one) for name in names))
