"""`probe list`: the exchanges, the rules and what shows each, the cases of TC8, the cells of the matrix."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from probe.cli.output.terminal import say

if TYPE_CHECKING:
    from probe.scenarios.steps import Scenario
    from probe.spec.rules import Rule


@click.command("list")
@click.option("--rules", "want_rules", is_flag=True, help="The whole catalogue of rules, with what shows each.")
@click.option("--tc8", "want_tc8", is_flag=True, help="The TC8 cases of open and close, with what shows each.")
@click.option("--matrix", "want_matrix", is_flag=True, help="The cells of the FreeBSD state-event suite likewise.")
@click.option("--json", "as_document", is_flag=True, help="As JSON on standard output.")
def command(want_rules: bool, want_tc8: bool, want_matrix: bool, as_document: bool) -> None:
    """List the exchanges: id, what it is, clause, what it needs of the peer's application, whether it waits."""
    from probe.cli.catalogue.coverage import freebsd, tc8

    if want_rules + want_tc8 + want_matrix > 1:
        raise click.UsageError("--rules, --tc8 and --matrix are lists of their own; ask for one at a time")
    if as_document:
        say(_document())
        return
    lists = ((want_rules, _rules), (want_tc8, tc8), (want_matrix, freebsd))
    say(f"{next((make for wanted, make in lists if wanted), _exchanges)()}\n")


def _exchanges() -> str:
    from probe.cli.catalogue.dialogue import needs
    from probe.cli.output.terminal import width
    from probe.reports.table import table
    from probe.scenarios import ALL

    rows = [(s.id, s.title, s.clause, needs(s), _waits(s)) for s in ALL.values()]
    waiting, slow = (sum(flags) for flags in zip(*((s.waits, s.slow) for s in ALL.values()), strict=True))
    return (
        table(("exchange", "title", "clause", "needs", "waits"), rows, width())
        + f"\n\n{len(rows)} exchanges, {waiting} of which wait for a timer of the peer (--no-wait leaves them out),"
        f" {slow} of these for minutes (only --slow plays them); `probe explain ID` tells more"
    )


def _waits(scenario: Scenario) -> str:
    return "slow" if scenario.slow else "timer" if scenario.waits else ""


def _rules() -> str:
    from probe.cli.catalogue.coverage import rule_coverage, shown_by
    from probe.cli.output.terminal import paint, width
    from probe.reports.table import table
    from probe.spec.coverage import UNSHOWN
    from probe.spec.rules import ALL

    shown, colour = shown_by(), paint(sys.stdout)
    words = {rule: rule_coverage(rule, shown.get(rule, [])) for rule in ALL}
    rows = [
        (r.id, r.level, r.sentence, colour.faint(words[r.id]) if r.id in UNSHOWN else words[r.id]) for r in ALL.values()
    ]
    covered = sum(rule in shown for rule in ALL)
    return (
        table(("rule", "level", "sentence", "shown by"), rows, width())
        + f"\n\n{len(rows)} rules: {covered} an exchange shows, {len(rows) - covered - len(UNSHOWN)} only a cell of the"
        f" matrix, {len(UNSHOWN)} nothing yet; `probe explain ID` tells more"
    )


def _document() -> str:
    from probe.cli.catalogue.coverage import documents, shown_by
    from probe.reports.data import envelope
    from probe.reports.formats.as_json import dumps
    from probe.scenarios import ALL
    from probe.spec.rules import BY_TOPIC

    shown = shown_by()
    body: dict[str, Any] = {
        "exchanges": [_exchange(s) for s in ALL.values()],
        "rules": [_rule(topic, r, shown.get(r.id, [])) for topic, rules in BY_TOPIC.items() for r in rules],
    }
    return dumps(envelope("list", "rfc9293", 0) | body | documents())


def _exchange(scenario: Scenario) -> dict[str, Any]:
    from probe.cli.catalogue.dialogue import needs

    return {
        "id": scenario.id,
        "title": scenario.title,
        "clause": scenario.clause,
        "topic": scenario.topic,
        "needs": needs(scenario),
        "commands": list(scenario.commands),
        "waits": scenario.waits,
        "slow": scenario.slow,
        "rules": list(scenario.shows),
        "may_show": list(scenario.may_show),
    }


def _rule(topic: str, rule: Rule, exchanges: list[str]) -> dict[str, Any]:
    from probe.spec.coverage import UNSHOWN, cells_by_rule

    return {
        "id": rule.id,
        "topic": topic,
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
        "cells": list(cells_by_rule().get(rule.id, ())),
        "reason": UNSHOWN.get(rule.id, ""),
    }
