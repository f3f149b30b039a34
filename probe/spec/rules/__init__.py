"""The catalogue of rules: every requirement that a verdict can cite, found by its id.

``rule`` says what one rule is and how its texts are to be read; then one file for each stretch of a connection, one
record for each requirement:

- ``opening``, ``listening``, ``active``, ``synack``: the handshake by either side, refusals, initial numbers;
- ``old_duplicates``, ``reset``, ``acceptability``: what may disturb a connection, and what it takes meanwhile;
- ``close_by_tester``, ``close_by_peer``, ``time_wait``: the close by either side or both, and what follows;
- ``options``, ``general``: the form of headers and options, and the rules of last resort.

A record is data: level, clause, sentence, stimulus, what is permitted and what is not. Which row of SEGMENT ARRIVES
shows a rule is said in ``probe.spec.rows``, which exchange shows it in the exchange, and what nothing shows in
``probe.spec.coverage``. Ids are for users: they stand in reports, in expectations and on command lines, and stay::

    rule = ALL["open.listen-syn-synack"]
    rule.level, rule.source, rule.severity   # "SPEC", "RFC 9293 3.10.7.2 third; 3.5 Figure 6", "fail"
"""

from __future__ import annotations

from difflib import get_close_matches

from probe.spec.rules import (
    acceptability,
    active,
    close_by_peer,
    close_by_tester,
    general,
    listening,
    old_duplicates,
    opening,
    options,
    reset,
    synack,
    time_wait,
)
from probe.spec.rules.rule import APPLICATIONS, Level, Rule

__all__ = ["ALL", "APPLICATIONS", "BY_TOPIC", "Level", "Rule", "close_matches"]

BY_TOPIC: dict[str, tuple[Rule, ...]] = {
    "opening": opening.OPENING,
    "listening": listening.LISTENING,
    "closed": listening.CLOSED,
    "active": active.ACTIVE,
    "simultaneous_open": active.SIMULTANEOUS_OPEN,
    "isn": synack.ISN,
    "synack": synack.SYNACK,
    "old_duplicates": old_duplicates.OLD_DUPLICATES,
    "reset": reset.RESET,
    "reset_generation": reset.RESET_GENERATION,
    "syn_in_sync": reset.SYN_IN_SYNC,
    "acceptability": acceptability.ACCEPTABILITY,
    "close_by_tester": close_by_tester.CLOSE_BY_TESTER,
    "close_by_peer": close_by_peer.CLOSE_BY_PEER,
    "simultaneous_close": close_by_peer.SIMULTANEOUS_CLOSE,
    "time_wait": time_wait.TIME_WAIT,
    "delayed_ack": acceptability.DELAYED_ACK,
    "options": options.OPTIONS,
    "header": general.HEADER,
    "syn_data": opening.SYN_DATA,
    "general": general.GENERAL,
}
"""The catalogue in order: opening, anomalies, closing, form, rules of last resort."""

ALL: dict[str, Rule] = {rule.id: rule for rules in BY_TOPIC.values() for rule in rules}
"""Every rule by its id, in the order of the catalogue."""


def close_matches(rule_id: str) -> tuple[str, ...]:
    """Return up to three existing ids that resemble ``rule_id``, the nearest first.

    People remember the second half of an id or only its group, so both count beside the spelling of the whole.
    """
    wanted = rule_id.strip().lower()
    spelled = get_close_matches(wanted, ALL, n=3, cutoff=0.6)
    contained = [known for known in ALL if len(wanted) >= 3 and wanted in known]
    contained.sort(key=lambda known: not known.startswith(wanted))
    tails = {known.partition(".")[2]: known for known in ALL}
    by_tail = [tails[tail] for tail in get_close_matches(wanted.rpartition(".")[2], tails, n=3, cutoff=0.75)]
    return tuple(dict.fromkeys([*spelled, *contained, *by_tail]))[:3]
