"""`probe list`: every rule, every TC8 case and every FreeBSD cell has what shows it, or a reason; every name exists."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from probe.cli.catalogue.coverage import BEYOND, case_need, need, shown_by
from probe.cli.catalogue.lists import cases_and_cells
from probe.scenarios import ALL as EXCHANGES
from probe.spec.coverage import CASES, FREEBSD, UNSHOWN, cells_by_rule, needs_of, rules_by_cell
from probe.spec.rules import ALL as RULES
from probe.spec.segment import KINDS
from probe.spec.states import State
from tests.cli.conftest import Invoke

Captured = pytest.CaptureFixture[str]


def test_every_rule_is_shown_or_has_a_reason() -> None:
    shown = set(shown_by()) | set(cells_by_rule())
    assert shown <= set(RULES)
    assert set(RULES) - shown == set(UNSHOWN)
    assert not any(reason.endswith(".") for reason in UNSHOWN.values())


def test_every_name_in_a_case_exists() -> None:
    for case in CASES:
        assert set(case.exchanges) <= set(EXCHANGES), case
        assert set(case.cells) <= set(rules_by_cell()), case
        assert bool(case.beyond) is not bool(case.exchanges or case.cells), case


def test_the_cases_are_the_85_of_open_and_close() -> None:
    assert len({case.id for case in CASES}) == len(CASES) == 85
    groups = Counter(case.id.rpartition("_")[0] for case in CASES)
    assert groups["UNACCEPTABLE"] == 14
    assert groups["FLAGS_INVALID"] == 15
    assert groups["BASICS"] == 15


def test_the_matrix_has_every_state_and_kind() -> None:
    assert set(rules_by_cell()) == {f"{state.value} {kind}" for state in State for kind in KINDS}
    assert len(State) * len(FREEBSD) == 88
    assert all(rules for rules in rules_by_cell().values())


@pytest.mark.parametrize(
    ("exchange", "needed"),
    [("open", "nothing"), ("close-by-peer", "a trigger"), ("half-close", "`probe target`"), ("refused", "nothing")],
)
def test_what_an_exchange_needs(exchange: str, needed: str) -> None:
    assert need(EXCHANGES[exchange]) == needed


def test_what_a_case_needs_is_the_most_of_its_parts() -> None:
    found = {case.id: case_need(case) for case in CASES}
    assert found["BASICS_01"] == "nothing"
    assert found["BASICS_10"] == "a trigger"
    assert found["CLOSING_08"] == "`probe target`"
    assert found["HEADER_11"] == BEYOND
    assert needs_of("FIN-WAIT-2 ACK") == "a trigger"


def test_tc8_and_matrix_are_printed(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--tc8") == 0
    out = capsys.readouterr().out
    assert all(f"TCP_{case.id} " in out for case in CASES)
    assert "85 cases:" in out
    assert invoke("list", "--matrix") == 0
    assert "88 cells:" in capsys.readouterr().out
    assert invoke("list", "--tc8", "--matrix") == 2


def test_json_has_the_lists(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tc8"] == cases_and_cells()["tc8"]
    assert len(document["cells"]) == len(State) * len(KINDS)
    rule = next(r for r in document["rules"] if r["id"] == "seg.ack-of-unsent")
    assert (rule["exchanges"], bool(rule["cells"]), rule["reason"]) == ([], True, "")
