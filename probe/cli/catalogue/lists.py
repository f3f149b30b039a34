"""`probe list`: the exchanges, the rules, cases of other suites and cells of FreeBSD's, with what shows each."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from probe.cli.catalogue.coverage import (
    BEYOND,
    LACKING,
    NEEDS,
    application,
    case_coverage,
    case_need,
    rule_coverage,
    shown_by,
)
from probe.cli.output.terminal import paint, width
from probe.reports.data import envelope
from probe.reports.formats.as_json import dumps
from probe.reports.table import table
from probe.scenarios import ALL
from probe.spec.coverage import FREEBSD, UNSHOWN, cells_by_rule, needs_of, rules_by_cell
from probe.spec.rules import ALL as RULES
from probe.spec.rules import BY_TOPIC, Rule
from probe.spec.states import State
from probe.spec.suites import SUITES


def exchanges() -> str:
    """What can be played, and what it takes."""
    waits = {s.id: "slow" if s.slow else "timer" if s.waits else "" for s in ALL.values()}
    rows = [(s.id, s.title, s.clause, application(s), waits[s.id]) for s in ALL.values()]
    waiting, slow = sum(s.waits for s in ALL.values()), sum(s.slow for s in ALL.values())
    return (
        table(("exchange", "title", "clause", "needs", "waits"), rows, width())
        + f"\n\n{len(rows)} exchanges, {waiting} of which wait for a timer of the peer (--no-wait leaves them out),"
        f" {slow} of these for minutes (only --slow plays them); `probe explain ID` tells more"
    )


def rules() -> str:
    """Every rule with what shows it, or why nothing does."""
    shown, colour = shown_by(), paint(sys.stdout)
    words = {rule: rule_coverage(rule, shown.get(rule, [])) for rule in RULES}
    words |= {rule: colour.faint(words[rule]) for rule in UNSHOWN}
    rows = [(rule.id, rule.level, rule.sentence, words[rule.id]) for rule in RULES.values()]
    covered = sum(rule in shown for rule in RULES)
    return (
        table(("rule", "level", "sentence", "shown by"), rows, width())
        + f"\n\n{len(rows)} rules: {covered} an exchange shows, {len(rows) - covered - len(UNSHOWN)} only a cell of the"
        f" matrix, {len(UNSHOWN)} nothing yet; `probe explain ID` tells more"
    )


def suite(name: str) -> str:
    """The cases of the suite of that id, and how many need what."""
    asked = SUITES[name]
    rows = [(asked.name(case), case.purpose, case_coverage(case), case_need(case)) for case in asked.cases]
    counts = Counter(map(case_need, asked.cases))
    part = sum(bool(case.lacks and (case.exchanges or case.cells)) for case in asked.cases)
    return (
        f"{table(('case', 'purpose', 'shown by', 'needs on the peer'), rows, width())}\n\n"
        + f"{asked.title}, {_counted(counts, 'cases')}"
        + (f"; of {part} something is not shown yet" if part else "")
    )


def freebsd() -> str:
    """The 88 cells as a grid: what each needs and how many rules its positions show."""
    met, states = rules_by_cell(), [state.value for state in State]
    rows = [(s, *(f"{NEEDS[needs_of(f'{s} {k}')]} {len(met[f'{s} {k}'])}" for k in FREEBSD)) for s in states]
    counts = Counter(needs_of(f"{s} {k}") for s in states for k in FREEBSD)
    legend = "n: judged with nothing on the peer; t: needs a trigger; p: needs `probe target`; the rules a cell shows"
    return f"{table(('state', *FREEBSD), rows, width())}\n\n{legend}\n{_counted(counts, 'cells')}"


def _counted(counts: Counter[str], what: str) -> str:
    parts = [f"{counts[kind]} need {kind}" for kind in NEEDS if counts[kind]]
    parts += [f"{counts[word]} {word}" for word in (LACKING, BEYOND) if counts[word]]
    return f"{counts.total()} {what}: {', '.join(parts)}"


def document() -> str:
    """All of it as JSON."""
    shown = shown_by()
    exchanges = [
        {
            "id": scenario.id,
            "title": scenario.title,
            "clause": scenario.clause,
            "topic": scenario.topic,
            "needs": application(scenario),
            "commands": list(scenario.commands),
            "waits": scenario.waits,
            "slow": scenario.slow,
            "rules": list(scenario.shows),
            "may_show": list(scenario.may_show),
        }
        for scenario in ALL.values()
    ]
    rules = [_rule(topic, rule, shown.get(rule.id, [])) for topic, some in BY_TOPIC.items() for rule in some]
    return dumps(envelope("list", "rfc9293", 0) | {"exchanges": exchanges, "rules": rules} | cases_and_cells())


def _rule(topic: str, rule: Rule, exchanges: list[str]) -> dict[str, Any]:
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


def cases_and_cells() -> dict[str, Any]:
    """The cases of the other suites and every cell of the matrix."""
    suites = {
        one.id: [
            {
                "id": one.name(c),
                "purpose": c.purpose,
                "exchanges": list(c.exchanges),
                "cells": list(c.cells),
                "needs": case_need(c),
                "lacks": c.lacks,
                "reason": c.beyond,
            }
            for c in one.cases
        ]
        for one in SUITES.values()
    }
    cells = [
        {"cell": cell, "needs": needs_of(cell), "rules": list(met), "freebsd": cell.rpartition(" ")[2] in FREEBSD}
        for cell, met in rules_by_cell().items()
    ]
    return suites | {"cells": cells}
