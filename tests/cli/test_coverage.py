"""`probe list`: every rule, case of a suite and FreeBSD cell has what shows it, or a reason; every name exists."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from probe.cli.catalogue.coverage import BEYOND, LACKING, case_need, need, shown_by
from probe.cli.catalogue.lists import cases_and_cells
from probe.scenarios import ALL as EXCHANGES
from probe.spec.coverage import FREEBSD, UNSHOWN, cells_by_rule, needs_of, rules_by_cell
from probe.spec.rules import ALL as RULES
from probe.spec.segment import KINDS
from probe.spec.states import State
from probe.spec.suites import SUITES
from probe.spec.suites.suite import Suite
from tests.cli.conftest import Invoke

Captured = pytest.CaptureFixture[str]


def test_every_rule_is_shown_or_has_a_reason() -> None:
    shown = set(shown_by()) | set(cells_by_rule())
    assert shown <= set(RULES)
    assert set(RULES) - shown == set(UNSHOWN)
    assert not any(reason.endswith(".") for reason in UNSHOWN.values())


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.id)
def test_every_name_in_a_case_exists(suite: Suite) -> None:
    assert len({case.id for case in suite.cases}) == len(suite.cases)
    for case in suite.cases:
        assert set(case.exchanges) <= set(EXCHANGES), case
        assert set(case.cells) <= set(rules_by_cell()), case
        assert bool(case.beyond) is not bool(case.exchanges or case.cells or case.lacks), case


def test_the_cases_are_all_there() -> None:
    groups = Counter(case.id.rpartition("_")[0] for case in SUITES["tc8"].cases)
    assert (groups["UNACCEPTABLE"], groups["FLAGS_INVALID"], groups["BASICS"], groups.total()) == (14, 15, 15, 85)
    assert len(SUITES["packetimpact"].cases) == 29
    assert len([case for case in SUITES["packetimpact"].cases if not case.beyond]) == 19
    assert not any(case.lacks for case in SUITES["tc8"].cases)


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
    found = {suite.name(case): case_need(case) for suite in SUITES.values() for case in suite.cases}
    assert found["TCP_BASICS_01"] == "nothing"
    assert found["TCP_BASICS_10"] == "a trigger"
    assert found["TCP_CLOSING_08"] == "`probe target`"
    assert found["TCP_HEADER_11"] == BEYOND
    assert found["tcp_timewait_reset"] == "a trigger"
    assert found["tcp_close_close-on-syn-sent"] == LACKING
    assert needs_of("FIN-WAIT-2 ACK") == "a trigger"


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.id)
def test_the_cases_of_a_suite_are_printed(suite: Suite, invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", f"--{suite.id}") == 0
    out = capsys.readouterr().out
    assert {suite.name(case) for case in suite.cases} <= set(out.split())
    assert f"{suite.title}, {len(suite.cases)} cases: " in out


def test_the_matrix_is_printed_and_one_list_at_a_time(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--matrix") == 0
    assert "88 cells:" in capsys.readouterr().out
    for two in (("--tc8", "--matrix"), ("--tc8", "--kselftest"), ("--rules", "--packetimpact")):
        assert invoke("list", *two) == 2


def test_json_has_the_lists(invoke: Invoke, capsys: Captured) -> None:
    assert invoke("list", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {name: document[name] for name in SUITES} == {name: cases_and_cells()[name] for name in SUITES}
    assert len(document["cells"]) == len(State) * len(KINDS)
    rule = next(r for r in document["rules"] if r["id"] == "seg.ack-of-unsent")
    assert (rule["exchanges"], bool(rule["cells"]), rule["reason"]) == ([], True, "")
