"""The catalogue of rules is complete, well formed, and cites sections and keywords that the RFC really has."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from probe.spec import rules
from probe.spec.rules import ALL, APPLICATIONS, BY_TOPIC, Level, Rule, close_matches

ROOT = Path(__file__).resolve().parents[2]
DATA = sorted(path for path in (ROOT / "probe/spec/rules").glob("*.py") if path.stem not in {"__init__", "rule"})
OURS = {
    "open.no-data-in-handshake",
    "open.two-way-only",
    "ack.aggregated",
    "isn.differs",
    "seg.ack-beyond-received",
    "seg.seq-beyond-sent",
    "seg.keepalive-idle",
    "opt.ts-missing-survived",
    "conn.unexplained",
    "stack.mixed-behaviour",
    "stack.survives",
}
TEXTS = ("source", "sentence", "stimulus", "permitted", "forbidden")
each_rule = pytest.mark.parametrize("rule", ALL.values(), ids=lambda rule: rule.id)


def shared(name: str) -> str:
    """The text of a file of the specification folder; the test is skipped where that folder is not at hand."""
    folder = Path(os.environ.get("PROBE_SPEC_DIR", ROOT.parent / "shared/spec"))
    if not (folder / name).is_file():
        pytest.skip(f"{name} is not there; set PROBE_SPEC_DIR to the folder that holds it")
    return (folder / name).read_text(encoding="utf-8")


def catalogue_rows(text: str) -> dict[str, list[str]]:
    """The table rows of the catalogue that define a rule: id -> the other seven cells."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0].strip("`"): row[1:] for row in rows if len(row) == 8 and re.fullmatch(r"`[a-z.0-9-]+`", row[0])}


def cited_sections(rule: Rule) -> set[str]:
    """The sections of RFC 9293 that a source cites; a bare section belongs to the RFC named before it."""
    found, rfc = set(), ""
    for part in rule.source.split("; "):
        named = re.match(r"RFC (\d+) ", part)
        rfc = named[1] if named else rfc
        if rfc == "9293":
            found |= set(re.findall(r"(?<![\w.])(?:[A-Z]|\d+)(?:\.\d+)+", part))
    return found


def keyword_homes(text: str) -> dict[str, set[str]]:
    """Keyword id -> the sections before the appendices in which the RFC's text carries it."""
    homes: dict[str, set[str]] = {}
    body = re.sub(r"-\n +", "-", text.partition("Appendix A.  Other Implementation Notes\n\n")[0])
    parts = re.split(r"^(\d+(?:\.\d+)*)\.  (?=\S)", body, flags=re.MULTILINE)
    for section, prose in zip(parts[1::2], parts[2::2], strict=True):
        for keyword in re.findall(r"\b(?:MUST|SHLD|MAY)-\d+", prose):
            homes.setdefault(keyword, set()).add(section)
    return homes


def test_ids_are_unique_across_the_files() -> None:
    written = [found for path in DATA for found in re.findall(r'^        id="(.*)",$', path.read_text(), re.MULTILINE)]
    assert sorted(written) == sorted(ALL)


@each_rule
def test_rule_is_well_formed(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*", rule.id)
    assert rule.level in set(Level)
    assert all(re.fullmatch(r"(MUST|SHLD|MAY)-\d+", keyword) for keyword in rule.keyword_ids)
    assert rule.needs
    assert set(rule.needs) <= set(APPLICATIONS)
    assert all(re.fullmatch(r"[ZCLSRFEWVKGAT]\d+", row) for row in rule.rows)
    assert rule.source.startswith("RFC ")


@each_rule
def test_texts_are_plain_and_stand_alone(rule: Rule) -> None:
    for name in TEXTS:
        text = getattr(rule, name)
        assert text.strip() == text != "", name
        assert text.isascii(), name
        assert not re.search(r"[`\"*|]|  |as above|row above|as said", text), name


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_data_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 300


def test_every_rule_has_one_topic_and_users_know_its_name() -> None:
    assert sum(map(len, BY_TOPIC.values())) == len(ALL)
    assert " ".join(BY_TOPIC) == (
        "opening listening closed active simultaneous_open isn synack old_duplicates reset reset_generation syn_in_sync"
        " acceptability close_by_tester close_by_peer simultaneous_close time_wait delayed_ack options header syn_data"
        " general"
    )


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("MUST", "fail"),
        ("MUST NOT", "fail"),
        ("SPEC", "by-effect"),
        ("SHOULD", "warn"),
        ("MAY", "by-effect"),
        ("MUST*", "by-effect"),
    ],
)
def test_severity_follows_the_level(level: str, severity: str) -> None:
    assert {rule.severity for rule in ALL.values() if rule.level == level and not rule.custom} == {severity}


def test_a_widespread_custom_is_warned_about() -> None:
    assert {rule.id: rule.severity for rule in ALL.values() if rule.custom} == {
        "active.syn-backoff": "warn",
        "synack.stops-when-acked": "warn",
        "timewait.duration": "warn",
        "timewait.rst": "warn",
    }


def test_every_rule_of_the_catalogue_is_there_in_its_order() -> None:
    rows = catalogue_rows(shared("requirements.md"))
    assert len(rows) > 150
    assert [rule_id for rule_id in ALL if rule_id not in OURS] == list(rows)
    assert set(ALL) >= OURS


def test_level_needs_and_passive_agree_with_the_catalogue() -> None:
    for rule_id, cells in catalogue_rows(shared("requirements.md")).items():
        rule = ALL[rule_id]
        keyword = re.match(r"MUST NOT|MUST\*|[A-Z]+", cells[0])
        assert keyword, rule_id
        assert rule.level == keyword[0], rule_id
        assert set(re.findall(r"(?:MUST|SHLD|MAY)-\d+", cells[0])) <= set(rule.keyword_ids), rule_id
        assert rule.needs[0] == cells[6][0], rule_id
        assert rule.passive == ("[P]" in cells[6]), rule_id


def test_rows_exist_in_the_decision_tables() -> None:
    known = set(re.findall(r"^\| ([A-Z]\d+) \|", shared("segment-arrives.md"), re.MULTILINE))
    assert {row for rule in ALL.values() for row in rule.rows} <= known


def test_sources_cite_sections_and_figures_of_the_rfc() -> None:
    text = shared("rfc/rfc9293.txt")
    sections = set(re.findall(r"^([A-Z0-9]+(?:\.\d+)+)\.  \S", text, re.MULTILINE))
    figures = set(re.findall(r"Figure (\d+): ", text))
    for rule in ALL.values():
        assert cited_sections(rule) <= sections, rule.id
        assert cited_sections(rule) or "RFC 9293" not in rule.source, rule.id
        assert set(re.findall(r"Figure (\d+)", rule.source)) <= figures, rule.id


def test_keyword_ids_are_the_rfcs_own() -> None:
    known = set(re.findall(r"\b(?:MUST|SHLD|MAY)-\d+", re.sub(r"-\n +", "-", shared("rfc/rfc9293.txt"))))
    for rule in ALL.values():
        assert set(rule.keyword_ids) <= known, rule.id


def test_a_keyword_is_cited_with_its_section() -> None:
    homes = keyword_homes(shared("rfc/rfc9293.txt"))
    for rule in ALL.values():
        for keyword in set(rule.keyword_ids) & set(homes):
            assert homes[keyword] & cited_sections(rule), (rule.id, keyword, homes[keyword])


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("close.fin-aked", "close.fin-acked"),
        ("FIN-ACKED-STOPS", "aclose.fin-acked-stops"),
        ("wait.duration", "timewait.duration"),
        ("tw.duration", "timewait.duration"),
        ("halfopen", "halfopen.syn-out-of-window"),
        ("rst", "rst.exact-resets"),
    ],
)
def test_close_matches_find_what_was_meant(asked: str, meant: str) -> None:
    assert meant in close_matches(asked)


def test_catalogue_is_read_only_data() -> None:
    assert all(isinstance(rule, Rule) for rule in rules.ALL.values())
    with pytest.raises(AttributeError):
        ALL["open.listen-syn-synack"].level = "MAY"  # type: ignore[misc]
