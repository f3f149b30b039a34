"""What shows a rule, a TC8 case or a cell of the FreeBSD suite: exchanges, cells of the matrix, or why nothing does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe.scenarios.steps import Scenario
    from probe.spec.tc8 import Case

BEYOND = "out of scope"
_FEW = 3
_LETTERS = {"nothing": "n", "a trigger": "t", "`probe target`": "p"}


def shown_by() -> dict[str, list[str]]:
    """Rule id -> ids of the exchanges that show it."""
    from probe.scenarios import ALL

    found: dict[str, list[str]] = {}
    for scenario in ALL.values():
        for rule in (*scenario.shows, *scenario.may_show):
            found.setdefault(rule, []).append(scenario.id)
    return found


def rule_coverage(rule: str, exchanges: list[str]) -> str:
    """In words: the exchanges that show a rule and the cells of the matrix that meet it, or why none does."""
    from probe.spec.coverage import UNSHOWN, cells_by_rule

    parts = [_few(exchanges)] if exchanges else []
    if cells := cells_by_rule().get(rule):
        parts.append(f"matrix: {_few(list(cells))}")
    return "; ".join(parts) or f"not yet: {UNSHOWN[rule]}"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def need(scenario: Scenario) -> str:
    """What an exchange needs of the peer: nothing, a trigger, or `probe target`."""
    from probe.spec.coverage import NOTHING, TARGET, TRIGGER

    if scenario.opens == "peer" or set(scenario.commands) - {"close"}:
        return TARGET
    return TRIGGER if scenario.commands else NOTHING


# -- TC8 ---------------------------------------------------------------------------------------------------------------


def case_need(case: Case) -> str:
    """The most that any part of a case needs."""
    from probe.scenarios import ALL
    from probe.spec.coverage import needs_of

    if case.beyond:
        return BEYOND
    parts = {need(ALL[name]) for name in case.exchanges} | {needs_of(cell) for cell in case.cells}
    return max(parts, key=list(_LETTERS).index)


def tc8() -> str:
    """The cases of TC8 as a table, and how many need what."""
    from probe.cli.output.terminal import width
    from probe.reports.table import table
    from probe.spec.tc8 import CASES

    rows = [(f"TCP_{c.id}", c.purpose, _shown_for(c), case_need(c)) for c in CASES]
    counts = Counter(case_need(c) for c in CASES)
    return table(("case", "purpose", "shown by", "needs on the peer"), rows, width()) + "\n\n" + _counted(counts)


def _shown_for(case: Case) -> str:
    parts = [", ".join(case.exchanges)] if case.exchanges else []
    if case.cells:
        parts.append("matrix: " + ", ".join(case.cells))
    return case.beyond or "; ".join(parts)


def _counted(counts: Counter[str]) -> str:
    total = sum(counts.values())
    parts = [f"{counts[kind]} need {kind}" for kind in _LETTERS] + [f"{counts[BEYOND]} out of scope"]
    return f"{total} cases: " + ", ".join(p for p in parts if not p.startswith("0 "))


# -- the FreeBSD state-event suite -------------------------------------------------------------------------------------


def freebsd() -> str:
    """The 88 cells as a grid: what each needs and how many rules its positions show."""
    from probe.cli.output.terminal import width
    from probe.reports.table import table
    from probe.spec.coverage import FREEBSD, needs_of, rules_by_cell
    from probe.spec.states import State

    rules, states = rules_by_cell(), [state.value for state in State]
    rows = [(s, *(f"{_LETTERS[needs_of(f'{s} {k}')]} {len(rules[f'{s} {k}'])}" for k in FREEBSD)) for s in states]
    counts = Counter(needs_of(f"{s} {k}") for s in states for k in FREEBSD)
    legend = "n: judged with nothing on the peer; t: needs a trigger; p: needs `probe target`; the rules a cell shows"
    return f"{table(('state', *FREEBSD), rows, width())}\n\n{legend}\n{_counted(counts).replace('cases', 'cells')}"


# -- documents ---------------------------------------------------------------------------------------------------------


def documents() -> dict[str, Any]:
    """Both lists for JSON."""
    from probe.spec.coverage import FREEBSD, needs_of, rules_by_cell
    from probe.spec.tc8 import CASES

    return {
        "tc8": [
            {
                "id": f"TCP_{c.id}",
                "purpose": c.purpose,
                "exchanges": list(c.exchanges),
                "cells": list(c.cells),
                "needs": case_need(c),
                "reason": c.beyond,
            }
            for c in CASES
        ],
        "cells": [
            {"cell": cell, "needs": needs_of(cell), "rules": list(rules), "freebsd": cell.rpartition(" ")[2] in FREEBSD}
            for cell, rules in rules_by_cell().items()
        ],
    }
