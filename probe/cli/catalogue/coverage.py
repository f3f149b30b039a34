"""What shows a rule, and what an exchange or a case of another suite needs of the peer."""

from __future__ import annotations

from probe.scenarios import ALL
from probe.scenarios.steps import Scenario
from probe.spec.coverage import NOTHING, TARGET, TRIGGER, UNSHOWN, cells_by_rule, needs_of
from probe.spec.suites.suite import Case

BEYOND, LACKING = "out of scope", "not shown yet"
NEEDS = {NOTHING: "n", TRIGGER: "t", TARGET: "p"}
"""What may be needed, from the least to the most, with the letter the grid of cells has for it."""
_FEW = 3
_APPLICATIONS = {
    (): "any listening port",
    ("close",): "closes first: HTTP/1.0 server, `probe target`, or --trigger LINE",
}


def shown_by() -> dict[str, list[str]]:
    """Rule id -> ids of the exchanges that show it."""
    found: dict[str, list[str]] = {}
    for scenario in ALL.values():
        for rule in (*scenario.shows, *scenario.may_show):
            found.setdefault(rule, []).append(scenario.id)
    return found


def rule_coverage(rule: str, exchanges: list[str]) -> str:
    """In words: the exchanges that show a rule and the cells of the matrix that meet it, or why none does."""

    def few(names: list[str]) -> str:
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        return ", ".join(names[:_FEW]) + more

    parts = [few(exchanges)] if exchanges else []
    if cells := cells_by_rule().get(rule):
        parts.append(f"matrix: {few(list(cells))}")
    return "; ".join(parts) or f"not yet: {UNSHOWN[rule]}"


def application(scenario: Scenario) -> str:
    """What an exchange asks of the application behind the port, in words."""
    if scenario.port == "closed":
        return "a port where nothing listens"
    return _APPLICATIONS.get(scenario.commands, "`probe target` on the peer")


def need(scenario: Scenario) -> str:
    """What an exchange needs of the peer: nothing, a trigger, or `probe target`."""
    if scenario.opens == "peer" or set(scenario.commands) - {"close"}:
        return TARGET
    return TRIGGER if scenario.commands else NOTHING


def case_coverage(case: Case) -> str:
    """In words: what shows a case, and what of it nothing shows, or why."""
    parts = [", ".join(case.exchanges)] if case.exchanges else []
    parts += ["matrix: " + ", ".join(case.cells)] if case.cells else []
    return case.beyond or "; ".join([*parts, *([f"not yet: {case.lacks}"] if case.lacks else [])])


def case_need(case: Case) -> str:
    """The most that any part of a case needs."""
    if case.beyond:
        return BEYOND
    if not case.exchanges and not case.cells:
        return LACKING
    parts = {need(ALL[name]) for name in case.exchanges} | {needs_of(cell) for cell in case.cells}
    return max(parts, key=list(NEEDS).index)
