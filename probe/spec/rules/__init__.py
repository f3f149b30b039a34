"""The catalogue of rules: every requirement that a verdict can cite, found by its id."""

from __future__ import annotations

from difflib import get_close_matches

from probe.spec.rules import (
    acceptability,
    active,
    close_by_peer,
    close_by_tester,
    closed,
    delayed_ack,
    general,
    header,
    isn,
    listening,
    negotiated_options,
    old_duplicates,
    opening,
    options,
    passive_close,
    reset,
    reset_generation,
    simultaneous_close,
    simultaneous_open,
    syn_data,
    syn_in_sync,
    syn_received,
    synack,
    time_wait,
)
from probe.spec.rules.rule import APPLICATIONS, Level, Rule

__all__ = ["ALL", "APPLICATIONS", "Level", "Rule", "UnknownRuleError", "close_matches", "find"]

_IN_ORDER = (
    opening.RULES,
    syn_received.RULES,
    listening.RULES,
    closed.RULES,
    active.RULES,
    simultaneous_open.RULES,
    isn.RULES,
    synack.RULES,
    old_duplicates.RULES,
    reset.RULES,
    reset_generation.RULES,
    syn_in_sync.RULES,
    acceptability.RULES,
    close_by_tester.RULES,
    passive_close.RULES,
    close_by_peer.RULES,
    simultaneous_close.RULES,
    time_wait.RULES,
    delayed_ack.RULES,
    options.RULES,
    negotiated_options.RULES,
    header.RULES,
    syn_data.RULES,
    general.RULES,
)

ALL: dict[str, Rule] = {rule.id: rule for rules in _IN_ORDER for rule in rules}
"""Every rule by its id, in the order of the catalogue: opening, anomalies, closing, form, rules of last resort."""


class UnknownRuleError(LookupError):
    """An id that no rule has; the message names the nearest ids."""


def find(rule_id: str) -> Rule:
    """Return the rule called ``rule_id``; raises `UnknownRuleError`, whose text is one sentence for the user."""
    if rule_id in ALL:
        return ALL[rule_id]
    near = close_matches(rule_id)
    hint = f"did you mean {' or '.join(near)}?" if near else "`probe list --rules` shows them all."
    raise UnknownRuleError(f"there is no rule {rule_id!r}: {hint}")


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
