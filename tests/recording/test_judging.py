"""A recording gives the verdict again, whatever happened; a damaged one says so."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from probe import scenarios
from probe.capture.errors import CaptureError
from probe.recording.matrix_metadata import MatrixMetadata, read_matrix
from probe.recording.metadata import ATTEMPT, RUN, RunMetadata, read_run
from probe.recording.reading import JudgedRecording, judge_recording
from probe.recording.sections import schema, section_comment
from probe.results.learned import Answered, Learned, Question, Repeated, Waits
from probe.results.verdict import ExchangeResult, Verdict, Why
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import HTTP, NONE, TARGET, Trigger, missing
from probe.spec.segment import EOL, Endpoint, Segment
from tests.helpers.peer import Peer
from tests.helpers.play import losing, peer_for
from tests.helpers.recording import Line, comments, play, waits
from tests.helpers.results import ROOT
from tests.scenarios.test_faulty import CASES, DISGUISED, Faults, faulty

DEFECTS = [(scenario, defect) for _, scenario, defect in CASES] + DISGUISED
VALUES: list[object] = [
    None,
    True,
    -1,
    0,
    3,
    10**30,
    1.5,
    float("inf"),
    "",
    "x",
    "open",
    "rfc793",
    ">",
    [],
    [1],
    ["LISTEN"],
    {},
]
ROWS: list[object] = [
    [[0, 1.0]],
    [[0, "F", "", True, 1.0]],
    [[4, "x", "", True, 1.0]],
    [[2, "S.", "no.rule", False, 1]],
]


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def plain(results: tuple[ExchangeResult, ...]) -> list[ExchangeResult]:
    """Results without payload, padding and what is known of checksums: this wire is an invented one."""
    return [replace(r, steps=tuple(replace(s, segment=bared(s.segment)) for s in r.steps)) for r in results]


def bared(segment: Segment) -> Segment:
    options = tuple(option for option in segment.options if option.kind != EOL)
    return replace(segment, payload=b"", checksum_known=True, options=options)


def saved_and_judged(line: Line, notes: dict[int, list[str]]) -> JudgedRecording:
    with folder() as where:
        line.save(where / "run.pcapng", notes)
        return judge_recording(str(where / "run.pcapng"))


@given(
    st.sampled_from(DEFECTS) | st.sampled_from([(name, ({}, {})) for name in scenarios.ALL]),
    st.sampled_from([4, 6]),
    st.sampled_from([0.0, 0.0, 0.1, 0.3]),
    st.integers(0, 1000),
    st.sampled_from(["rfc9293", "rfc793", "rfc5961"]),
    st.sampled_from([TARGET, TARGET, HTTP, NONE]),
)
def test_a_recording_gives_the_verdict_again(
    case: tuple[str, tuple[Faults, dict[str, object]]],
    version: int,
    share: float,
    seed: int,
    profile: str,
    trigger: Trigger,
) -> None:
    name, defect = case
    scenario = scenarios.ALL[name]
    trigger = TARGET if missing(trigger, scenario.commands) else trigger
    line, loses = Line(version), losing(share, seed)
    hearing = play(line, [scenario], lambda _: faulty(name, defect), trigger=trigger, profile=profile, loses=loses)
    assume(all(attempt.segments for attempt in hearing.attempts[name]))  # a SYN of the peer may never reach us
    notes, results = comments(line, hearing)
    again = saved_and_judged(line, notes)
    assert plain(again.report.exchanges) == plain(results)
    assert again.differences == ()


def whole() -> tuple[Line, dict[int, list[str]], tuple[ExchangeResult, ...]]:
    """Some exchanges with a peer that answers no FIN."""
    line = Line()
    some = [scenarios.ALL[name] for name in ("open", "close-by-us", "synack-retransmitted", "refused")]
    hearing = play(line, some, faultless_but_for_fins)
    assert waits(hearing)
    return line, *comments(line, hearing)


def faultless_but_for_fins(scenario: Scenario) -> Peer:
    return replace(peer_for(scenario), faults={"E6": lambda *_: []}, closes_on_eof=False)


LINE, NOTES, RESULTS = whole()


def test_a_run_of_several_exchanges_comes_back_whole() -> None:
    again = saved_and_judged(LINE, NOTES)
    (run,) = again.report.runs
    assert plain(run.exchanges) == plain(RESULTS)
    assert again.verdicts == {Verdict.PASS: 3, Verdict.FAIL: 1}
    assert [f.rule for f in run.exchanges[1].findings] == ["close.fin-acked"]
    assert (run.target, run.ip_version, again.report.exit_code) == ("192.0.2.2:80", 4, 1)


def test_the_interference_of_our_own_kernel_comes_back() -> None:
    line = Line()
    hearing = play(line, [scenarios.ALL["open"]], peer_for, foreign=True)
    notes, results = comments(line, hearing)
    (again,) = saved_and_judged(line, notes).report.exchanges
    assert again.reason.startswith("our own kernel answered (R seq 7)")
    assert (again.verdict, again.reason) == (results[0].verdict, results[0].reason)


def changed(kind: str, **fields: object) -> dict[int, list[str]]:
    """The comments with fields of the machine's records of that kind set."""
    return {number: [_changed(text, kind, fields) for text in texts] for number, texts in NOTES.items()}


def _changed(text: str, kind: str, fields: dict[str, object]) -> str:
    return kind + json.dumps(json.loads(text.removeprefix(kind)) | fields) if text.startswith(kind) else text


def test_a_verdict_that_is_another_now_is_told() -> None:
    verdicts = [[r.id, "pass", []] for r in RESULTS]
    again = saved_and_judged(LINE, changed(RUN, verdicts=verdicts))
    assert [str(d) for d in again.differences] == [
        "close-by-us at 192.0.2.2:80: recorded pass, now fail (close.fin-acked)"
    ]


def test_another_profile_may_be_asked_for() -> None:
    with folder() as where:
        LINE.save(where / "run.pcapng", NOTES)
        assert judge_recording(str(where / "run.pcapng"), "rfc793").report.profile == "rfc793"


def test_a_recording_without_its_end_is_judged_by_what_is_there() -> None:
    notes = {number: [t for t in texts if not t.startswith(RUN)] for number, texts in NOTES.items()}
    again = saved_and_judged(LINE, notes)
    assert again.report.runs[0].warnings == (
        "the end of the run is not in the recording: judged by the attempts that are",
    )
    assert again.verdicts == {Verdict.PASS: 3, Verdict.FAIL: 1}  # what was lost on the way is in the attempts


def test_a_file_that_ends_too_early_gives_what_was_in_it(tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    LINE.save(path, NOTES)
    octets = path.read_bytes()
    path.write_bytes(octets[: len(octets) * 2 // 3])
    again = judge_recording(str(path))
    assert again.fault is not None
    assert again.report.exchanges


def test_an_exchange_that_is_not_known_here_is_inconclusive() -> None:
    mark = changed(RUN, exchanges=["open", "of-the-future"], verdicts=[])
    again = saved_and_judged(LINE, mark)
    assert [(e.id, e.verdict) for e in again.report.exchanges] == [
        ("open", Verdict.PASS),
        ("of-the-future", Verdict.INCONCLUSIVE),
    ]
    assert saved_and_judged(LINE, changed(ATTEMPT, exchange="of-the-future")).report.warnings == (
        "this version of probe knows no exchange of-the-future",
    )


OF_CLOSE = '"exchange":"close-by-us","attempt":'
LATER = {number: [t.replace(f"{OF_CLOSE}1", f"{OF_CLOSE}9") for t in texts] for number, texts in NOTES.items()}
DAMAGE = [
    (
        changed(ATTEMPT, sent=">"),
        r"packet 8: the recording is damaged or was edited \(it has 8 packets in the file and had 1\)",
    ),
    (changed(ATTEMPT, quiet=[[99, 1.0]]), "its waits have no place between its packets"),
    (changed(ATTEMPT, quiet="soon"), "quiet holds something else than a list"),
    (changed(ATTEMPT, missing=[[99, "F", "", True]]), "missing has a row of 4 instead of 5"),
    (changed(ATTEMPT, missing=[[2, "X", "", True, 1]]), "what it waited for in vain makes no sense"),
    (changed(ATTEMPT, profile="rfc1"), "there is no profile 'rfc1'"),
    (changed(ATTEMPT, start=["ESTABLISHED"]), "it starts from what this version of probe does not know"),
    (LATER, "an attempt of close-by-us is missing"),
    (changed(ATTEMPT, exchange="open", attempt=1), "attempt 1 of open is there twice"),
    (changed(RUN, target=["host", 80]), "target holds no address"),
    ({1: [ATTEMPT + "{"]}, "it is no JSON"),
    ({1: [RUN + "[" * 50000]}, "it is no JSON"),
    ({}, "no exchange in it that `probe check --save` recorded"),
]


@pytest.mark.parametrize(("notes", "sentence"), DAMAGE)
def test_damage_is_named(notes: dict[int, list[str]], sentence: str) -> None:
    with pytest.raises(CaptureError, match=sentence):
        saved_and_judged(LINE, notes)


@given(st.sampled_from([ATTEMPT, RUN]), st.data())
def test_no_edit_is_a_crash(kind: str, data: st.DataObject) -> None:
    record = next(t for texts in NOTES.values() for t in texts if t.startswith(kind)).removeprefix(kind)
    name = data.draw(st.sampled_from(sorted(json.loads(record))))
    fields = {name: data.draw(st.sampled_from(VALUES + ROWS))}
    with folder() as where:
        LINE.save(where / "run.pcapng", changed(kind, **fields))
        judged_or_refused(where / "run.pcapng")


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=5))
def test_no_damaged_octet_is_a_crash(damage: list[tuple[int, int]]) -> None:
    with folder() as where:
        LINE.save(where / "run.pcapng", NOTES)
        octets = bytearray((where / "run.pcapng").read_bytes())
        for at, value in damage:
            octets[at % len(octets)] = value
        (where / "run.pcapng").write_bytes(octets)
        judged_or_refused(where / "run.pcapng")


def judged_or_refused(path: Path) -> None:
    with suppress(CaptureError):
        assert judge_recording(str(path)).report.runs


def test_a_recording_is_known_by_its_section() -> None:
    assert schema(section_comment("check", "rfc793"))
    assert not schema("captured with care")


def test_a_newer_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    LINE.save(path, NOTES, section_comment("check", "rfc9293").replace("recording 1", "recording 2"))
    with pytest.raises(CaptureError, match="in form 2, newer than this probe reads: update it"):
        judge_recording(str(path))


def test_without_the_sentences_nothing_is_found(tmp_path: Path) -> None:
    path = tmp_path / "run.pcapng"
    LINE.save(path, {}, "")
    with pytest.raises(CaptureError, match="no exchange in it"):
        judge_recording(str(path))


def test_an_answer_to_something_else_does_not_prove_that_a_stimulus_arrived() -> None:
    (run,) = judge_recording(str(ROOT / "captures/linux-6.18/check-v4.pcapng")).report.runs
    proofs = {e.id: e.proofs for e in run.exchanges}
    silence, answer = proofs["synack-stops"], proofs["old-syn-established"]
    assert silence
    assert silence.reached
    assert silence.delivered
    shown = silence.reached.shown[0]
    assert (shown.answered, silence.delivered.packet, shown.confirmed > shown.packet) == (0, 0, True)
    assert silence.delivered.path[0].startswith("nothing was to answer it; loss below")
    assert answer
    assert answer.reached
    assert answer.delivered
    assert answer.delivered.packet == answer.reached.shown[0].answered == answer.reached.shown[0].confirmed


def test_what_was_learned_is_read_back_and_none_where_an_old_recording_lacks_it() -> None:
    asked = (Answered(Question.NEXT_OCTET, 3, 0), Answered(Question.OCTET_BELOW, 3, 2, 0.5, 1.05, shared=True))
    waits = Waits(4.2, 4.2, 0.6, 12.6, 16.0, 0.05)
    learned = Learned(waits, asked, 0.2, 0.42, 0.1, ((Repeated.SYN_ACK, 6.0),), 576, twice=True, given=True)
    for one in (learned, Learned(waits)):
        mark = RunMetadata(Endpoint("192.0.2.1", 80), ("open",), learned=one)
        assert read_run(mark.text()) == mark
        cells = MatrixMetadata(Endpoint("192.0.2.1", 80), "none", (), learned=one)
        assert read_matrix(cells.text()) == cells
    assert read_run(RunMetadata(Endpoint("192.0.2.1", 80), ()).text()).learned is None


def test_why_an_exchange_was_skipped_is_read_back_and_neutral_where_an_old_recording_lacks_it() -> None:
    mark = RunMetadata(Endpoint("192.0.2.1", 80), ("open",), skipped={"open": (Why.NO_TRIGGER, "no trigger")})
    assert read_run(mark.text()) == mark
    record = json.loads(mark.text().removeprefix(RUN))
    del record["why"]
    assert read_run(RUN + json.dumps(record)).skipped == {"open": (Why.NONE, "no trigger")}
    record["why"] = [["open", "a word of a later version"]]
    assert read_run(RUN + json.dumps(record)).skipped["open"][0] is Why.NONE
