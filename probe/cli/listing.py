"""`probe list`: the exchanges, or the catalogue of rules with the exchanges that show each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from probe.cli.terminal import say

if TYPE_CHECKING:
    from probe.scenarios.steps import Scenario
    from probe.spec.rules import Rule

_NOT_YET = "not yet"


@click.command("list")
@click.option("--rules", "want_rules", is_flag=True, help="The whole catalogue of rules, with what shows each.")
@click.option("--json", "as_document", is_flag=True, help="As JSON on standard output.")
def command(want_rules: bool, as_document: bool) -> None:
    """List the exchanges: id, what it is, clause, what it needs of the peer's application, whether it waits."""
    from probe.scenarios import ALL

    if as_document:
        say(_document())
        return
    say(f"{_rules() if want_rules else _exchanges(list(ALL.values()))}\n")


def shown_by() -> dict[str, list[str]]:
    """Rule id -> ids of the exchanges that show it."""
    from probe.scenarios import ALL

    found: dict[str, list[str]] = {}
    for scenario in ALL.values():
        for rule in scenario.shows:
            found.setdefault(rule, []).append(scenario.id)
    return found


def _exchanges(scenarios: list[Scenario]) -> str:
    from probe.cli.dialogue import needs
    from probe.cli.terminal import width
    from probe.reports.table import table

    rows = [(s.id, s.title, s.clause, needs(s), "timer" if s.waits else "") for s in scenarios]
    waiting = sum(s.waits for s in scenarios)
    return (
        table(("exchange", "title", "clause", "needs", "waits"), rows, width())
        + f"\n\n{len(rows)} exchanges, {waiting} of which wait for a timer of the peer (--no-wait leaves them out);"
        " `probe explain ID` tells more"
    )


def _rules() -> str:
    from probe.cli.terminal import paint, width
    from probe.reports.table import table
    from probe.spec.rules import ALL

    shown, colour = shown_by(), paint(sys.stdout)
    rows = [
        (rule.id, rule.level, rule.sentence, ", ".join(shown.get(rule.id, [])) or colour.faint(_NOT_YET))
        for rule in ALL.values()
    ]
    covered = sum(rule in shown for rule in ALL)
    return (
        table(("rule", "level", "sentence", "shown by"), rows, width())
        + f"\n\n{len(rows)} rules, {covered} of which an exchange shows; `probe explain ID` tells more"
    )


def _document() -> str:
    from probe.reports.as_json import dumps, envelope
    from probe.scenarios import ALL
    from probe.spec.rules import ALL as RULES

    shown = shown_by()
    body = {
        "exchanges": [_exchange(s) for s in ALL.values()],
        "rules": [_rule(rule, shown.get(rule.id, [])) for rule in RULES.values()],
    }
    return dumps(envelope("list", "rfc9293", 0) | body)


def _exchange(scenario: Scenario) -> dict[str, Any]:
    from probe.cli.dialogue import needs

    return {
        "id": scenario.id,
        "title": scenario.title,
        "clause": scenario.clause,
        "topic": scenario.topic,
        "needs": needs(scenario),
        "commands": list(scenario.commands),
        "waits": scenario.waits,
        "rules": list(scenario.shows),
    }


def _rule(rule: Rule, exchanges: list[str]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "topic": rule.topic,
        "level": rule.level,
        "severity": rule.severity,
        "keywords": list(rule.keyword_ids),
        "clause": rule.source,
        "sentence": rule.sentence,
        "stimulus": rule.stimulus,
        "permitted": rule.permitted,
        "forbidden": rule.forbidden,
        "needs": list(rule.needs),
        "passive": rule.passive,
        "rows": list(rule.rows),
        "exchanges": exchanges,
    }
