"""Which exchanges decide over a suspect that what was played so far only points to, or tells nothing of."""

from __future__ import annotations

from collections.abc import Collection

from probe.results.path import Path, Suspect

_KEPT_BACK = ("listen-ack", "bad-ack-syn-received", "data-outside", "fin-outside", "data-again")
_BY_SUSPECT = {
    Suspect.FILTER: _KEPT_BACK,
    Suspect.FLAGS: ("listen-unusual", "closed-unusual", "closed-no-ack", "closed-ack"),
    Suspect.OPTIONS: ("listen-unusual", "closed-unusual", "options-unknown", "options-on-data"),
    Suspect.UNDELIVERED: (
        *("abort-by-us", "rst-with-data", "rst-fin-wait-1", "rst-close-wait", "fin-with-data"),
        *("syn-again-established", "old-syn-established", "syn-inside"),
    ),
    Suspect.UNHEARD: ("bad-ack-syn-received", "listen-ack", "closed-ack", "abort-by-us", "abort-by-peer"),
    Suspect.FORGED: ("refused", "abort-by-peer", "listen-ack", "data-outside", "bad-ack-syn-received"),
    Suspect.TRANSLATION: _KEPT_BACK,
    Suspect.NO_WAY_BACK: ("active-open",),
    Suspect.PROXY: ("syn-again-established", "old-syn-established", "syn-inside"),
}
"""What a filter drops and what it lets through; SYNs on connections that stand, which a SYN proxy answers; what is
unusual in a header, where there is no connection; RSTs and FINs in several states, and what draws a RST; a connection
that the peer opens."""


def deciding(path: Path, undecided: Collection[Suspect] = ()) -> tuple[str, ...]:
    """The ids of exchanges to be played beside those asked for; ``undecided`` are suspects of which nothing told."""
    doubtful = {s.suspect for s in path.accepted} & {Suspect.UNDELIVERED, Suspect.UNHEARD}  # one segment refutes it
    doubtful |= {one for one in Suspect if path.hinted(one) or one in undecided}
    asked = (names for one, names in _BY_SUSPECT.items() if one in doubtful)
    return tuple(dict.fromkeys(name for names in asked for name in names))
