"""The JSON document: the names scripts rely on."""

from __future__ import annotations

import json

import pytest

from probe.reports.document import Data, Trouble
from probe.results.answers import Compliance, Summary
from probe.results.verdict import MixedReadings, Report, Verdict
from tests.reports import rendering
from tests.reports.records import UNANSWERED, exchange, report, run

ENVELOPE = {"schema_version", "command", "profile", "exit_code"}
STEP = {"time", "direction", "segment", "peer_states", "kernel_state"}
FINDING = {"rule", "level", "word", "effect", "clause", "sent", "due", "came", "packets"}


def document(found: Report, *, code: int | None = None, errors: list[str | Trouble] | None = None) -> Data:
    read: Data = json.loads(rendering.as_data(rendering.document(found, code=code, errors=errors)))
    return read


def test_the_contract_of_a_check() -> None:
    found = document(report(run(exchange("open", Verdict.FAIL, findings=(UNANSWERED,), rules=("a.b",)))))
    assert set(found) >= ENVELOPE | {"target", "ip_version", "summary", "exchanges"}
    assert (found["command"], found["profile"], found["exit_code"]) == ("check", "rfc9293", 1)
    assert (found["target"], found["ip_version"]) == ("192.0.2.1:80", 4)
    assert set(found["summary"]) == {"three_way", "close_by_us", "close_by_peer"}
    (one,) = found["exchanges"]
    assert one["verdict"] == "fail"
    assert one["rules"] == ["a.b"]
    assert all(set(s) >= STEP for s in one["steps"])
    assert all(set(f) == FINDING for f in one["findings"])


def test_steps_count_from_the_first_segment_and_keep_the_absolute_start() -> None:
    one = document(report(run(exchange())))["exchanges"][0]
    assert [s["time"] for s in one["steps"]] == [0.0, 0.001, 0.0012, 0.0025]
    assert one["started"] == 1700000000.0
    assert one["steps"][0]["ack"] is None
    assert one["steps"][1]["peer_states"] == ["SYN-RECEIVED"]


def test_several_runs_are_listed_and_the_summary_is_the_worst() -> None:
    sixth = run(
        exchange(),
        target="[::1]:80",
        version=6,
        summary=Summary(Compliance.NOT_FOLLOWED, Compliance.SKIPPED, Compliance.INCONCLUSIVE),
    )
    found = document(report(run(exchange()), sixth))
    assert found["target"] == ["192.0.2.1:80", "[::1]:80"]
    assert found["ip_version"] == [4, 6]
    assert found["summary"] == {
        "three_way": "not followed",
        "close_by_us": "skipped",
        "close_by_peer": "inconclusive",
    }
    assert [(e["target"], e["ip_version"]) for e in found["exchanges"]] == [("192.0.2.1:80", 4), ("[::1]:80", 6)]
    assert [len(r["exchanges"]) for r in found["runs"]] == [1, 1]


def test_one_target_over_both_versions_keeps_its_kind() -> None:
    found = document(report(run(exchange())))
    assert [type(found[name]) for name in ("target", "ip_version")] == [str, int]
    assert len(found["runs"]) == 1


@pytest.mark.parametrize("code", [4, 130])
def test_an_error_outside_the_report_sets_the_code(code: int) -> None:
    found = document(report(), code=code, errors=["no such interface"])
    assert found["exit_code"] == code
    assert found["errors"] == ["no such interface"]
    assert found["summary"]["three_way"] == "inconclusive"


def test_a_peer_that_takes_both_readings_is_told_with_its_exchanges() -> None:
    one = run(exchange(), mixed=MixedReadings(("rst-blind",), ("syn-blind",)))
    found = document(report(one, run(exchange())))["runs"]
    assert [r["mixed"] for r in found] == [{"rfc5961": ["rst-blind"], "classic": ["syn-blind"]}, None]


def test_hosts_with_profiles_of_their_own() -> None:
    found = document(report(run(exchange(), profile="rfc793", name="old"), run(exchange())))
    assert found["profile"] == ["rfc793", "rfc9293"]
    assert [(r["name"], r["profile"]) for r in found["runs"]] == [("old", "rfc793"), ("", "rfc9293")]
    assert document(report())["profile"] == "rfc9293"
