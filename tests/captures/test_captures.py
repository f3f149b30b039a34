"""Every capture of the curated set gives the verdict that stands beside it, and tshark's completeness."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe import scenarios
from tests.captures import built, ordinary, own, rewritten, trouble
from tests.captures.expected import HOME, beside, captures, read
from tests.captures.readme import text
from tests.captures.verdicts import by_tshark, completeness, connections, exchanges, replayed

FILES = captures()


def name(path: Path) -> str:
    return str(path.relative_to(HOME))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_capture_gives_its_verdict(path: Path) -> None:
    expected = read(path)
    found = replayed(path)
    assert [reason for _, _, reason in found.faults] == ([expected.fault] if expected.fault else [])
    if expected.exchanges:
        assert exchanges(path) == expected.exchanges
    else:
        assert connections(found) == expected.connections
        assert found.skipped == expected.skipped


@pytest.mark.parametrize("path", FILES, ids=name)
def test_tshark_gives_the_same_completeness(path: Path) -> None:
    if read(path).fault:
        pytest.skip("tshark refuses a file that is cut off")
    assert completeness(replayed(path)) == by_tshark(path)


def test_every_declared_capture_is_there() -> None:
    sets = (built.BUILT, ordinary.SCENES, trouble.SCENES, own.CHECKS, rewritten.REWRITTEN)
    declared = {c.name for cases in sets for c in cases}
    there = {(path.name.partition(".")[0][:-3], path.name.partition(".")[0][-2:]) for path in FILES}
    assert there == {(one, version) for one in declared for version in ("v4", "v6")}


def test_every_documented_exchange_is_recorded() -> None:
    recorded = [read(path) for path in FILES if path.name.startswith("check-v")]
    assert len(recorded) >= 2
    for one in recorded:
        assert {e.id for e in one.exchanges} <= set(scenarios.ALL)
        assert {s.id for s in scenarios.ALL.values() if s.opens == "us" and s.topic} <= {e.id for e in one.exchanges}
        assert {e.id for e in one.exchanges if e.verdict != "pass"} <= {
            "active-syn-retransmitted"
        }  # by custom a warning


def test_ordinary_traffic_breaks_no_rule() -> None:
    ordinary_names = {scene.name for scene in (*ordinary.SCENES, *trouble.SCENES)}
    found = [read(path) for path in FILES if path.name.partition(".")[0][:-3] in ordinary_names]
    assert len(found) >= 2 * len(ordinary_names)
    assert {c.verdict for one in found for c in one.connections} == {"pass"}


def test_the_readme_is_up_to_date() -> None:
    assert (HOME / "README.md").read_text(encoding="utf-8") == text()


def test_the_set_stays_small() -> None:
    assert sum(path.stat().st_size + beside(path).stat().st_size for path in FILES) < 1_500_000
