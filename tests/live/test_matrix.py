"""The matrix against this kernel: every cell judged, over both IP versions, and each departure one that is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from probe.live.matrix import matrix
from probe.live.options import MatrixOptions
from probe.recording.reading import judge_recording
from probe.recording.sections import section_comment
from probe.results.matrix import CellResult, MatrixReport, MatrixRun
from probe.results.verdict import Verdict, Why
from probe.spec.segment import KINDS, Endpoint
from probe.spec.states import State
from probe.wire.errors import UnansweredError
from probe.wire.record import Recorder
from tests.live.deviations import AFTER_FIN, OPEN
from tests.live.far import Far
from tests.live.found import in_matrix, places
from tests.live.test_check import HARMLESS, filtered, free_port, server, states_left

pytestmark = pytest.mark.timeout(400)  # both matrices take 12 s on a machine of their own; a busy one may be slow
STATES = tuple(state.value for state in State)
# Kernels before 6.18 say nothing to an ACK of data never sent (seg.ack-of-unsent) in the other states either.
OLDER = {(state, word, "seg.ack-of-unsent") for word in ("fail", "warn") for state in OPEN | AFTER_FIN}
# Where the kernel moved although the segment lay one outside the window, and no answer tells.
UNSEEN = {("SYN-RECEIVED", "ACK"), ("SYN-RECEIVED", "FIN+ACK"), ("SYN-RECEIVED", "DATA"), ("FIN-WAIT-1", "FIN+ACK")}


def told(cells: tuple[CellResult, ...], *words: Verdict) -> list[str]:
    """The cells with these verdicts, in words."""
    return [f"{c.state} {c.segment} {c.seq} {c.ack}: {c.verdict} {c.reason}" for c in cells if c.verdict in words]


@pytest.fixture(scope="module")
def runs(target: dict[int, Endpoint]) -> dict[int, MatrixRun]:
    """One whole matrix an IP version."""
    return {version: matrix(endpoint) for version, endpoint in target.items()}


@pytest.mark.parametrize("version", [4, 6])
def test_every_cell_is_judged(runs: dict[int, MatrixRun], version: int) -> None:
    run = runs[version]
    assert {(c.state, c.segment) for c in run.cells} == {(state, kind) for state in STATES for kind in KINDS}
    assert told(run.cells, Verdict.INCONCLUSIVE, Verdict.SKIP) == []
    assert [way for way in run.ways if way.verdict is not Verdict.PASS] == []
    assert {way.way for way in run.ways if way.state == "SYN-RECEIVED"} == {"from LISTEN", "from SYN-SENT"}


@pytest.mark.parametrize("version", [4, 6])
def test_every_departure_is_a_known_one(runs: dict[int, MatrixRun], version: int) -> None:
    """What Linux does otherwise than the RFC says: ``tests/live/deviations.py`` tells of each, row by row."""
    found = in_matrix(runs[version])
    assert {place[:3] for place in found - places("Linux")} <= OLDER
    assert places("Linux") - found == set()


def test_both_versions_are_judged_alike(runs: dict[int, MatrixRun]) -> None:
    four, six = (
        {(c.state, c.way, c.segment, c.seq, c.ack, c.payload): (c.verdict, c.rule) for c in runs[version].cells}
        for version in (4, 6)
    )
    assert {key for key in four if four[key] != six.get(key)} == set()
    assert four.keys() == six.keys()


@pytest.mark.parametrize("version", [4, 6])
def test_the_states_found_are_those_of_the_kernels_own_table(runs: dict[int, MatrixRun], version: int) -> None:
    passed = [c for c in runs[version].cells if c.verdict is Verdict.PASS and c.kernel_state is not None]
    assert len(passed) > 2000
    odd = {(c.state, c.segment) for c in passed if not agrees(c)}
    assert odd <= UNSEEN


def agrees(cell: CellResult) -> bool:
    """LISTEN is no connection of the kernel's."""
    named = cell.kernel_state == "CLOSED" and "LISTEN" in cell.next_states
    return named or cell.kernel_state in cell.next_states


def test_nothing_stays_on_the_peer(runs: dict[int, MatrixRun]) -> None:
    for run in runs.values():
        assert states_left(int(run.target.rpartition(":")[2])) <= HARMLESS


SOME = frozenset({("ESTABLISHED", "ACK"), ("FIN-WAIT-2", "DATA"), ("SYN-RECEIVED", "RST"), ("TIME-WAIT", "NULL")})


def test_a_matrix_again_gives_the_same(target: dict[int, Endpoint], runs: dict[int, MatrixRun]) -> None:
    def words(cells: Iterator[CellResult]) -> dict[tuple[str, ...], tuple[Verdict, str]]:
        return {(c.way, c.state, c.segment, c.seq, c.ack, str(c.payload)): (c.verdict, c.rule) for c in cells}

    again = matrix(target[4], MatrixOptions(only=SOME))
    assert words(iter(again.cells)) == words(c for c in runs[4].cells if (c.state, c.segment) in SOME)


def test_a_recorded_matrix_comes_back_cell_by_cell(target: dict[int, Endpoint], tmp_path: Path) -> None:
    path, options = tmp_path / "matrix.pcapng", MatrixOptions(only=SOME | {("SYN-SENT", "SYN"), ("FIN-WAIT-1", "FIN")})
    with Recorder(path, section_comment("matrix", options.profile)) as recorder:
        live = matrix(target[6], replace(options, recorder=recorder))
    again = judge_recording(str(path))
    assert again.matrix is not None
    assert again.matrix.runs == (live,)
    assert again.differences == ()
    (classic,) = judge_recording(str(path), "rfc793").matrix.runs  # type: ignore[union-attr]
    assert [c.id for c in classic.cells] == [c.id for c in live.cells]
    assert [c.verdict for c in classic.cells] != [c.verdict for c in live.cells]


def test_a_recording_without_its_end_is_judged_by_the_cells_that_are_there(
    target: dict[int, Endpoint], tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.pcapng", tmp_path / "cut.pcapng"
    with Recorder(whole, section_comment("matrix", "rfc9293")) as recorder:
        live = matrix(target[4], MatrixOptions(only=frozenset({("ESTABLISHED", "ACK")}), recorder=recorder))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    again = judge_recording(str(cut))
    assert again.fault is not None
    assert again.matrix is not None
    (run,) = again.matrix.runs
    verdicts = {cell.id: cell.verdict for cell in live.cells}
    assert 0 < len(run.cells) < len(live.cells)
    assert {c.verdict for c in run.cells if c.verdict is not verdicts[c.id]} <= {Verdict.INCONCLUSIVE}
    assert any("the end of the run is not in the recording" in warning for warning in run.warnings)


@pytest.mark.parametrize("version", [4, 6])
def test_lost_segments_never_accuse(veth_pair: Far, version: int) -> None:
    """What Linux does otherwise anyway is left out: its columns here are clean on a line that loses nothing."""
    endpoint = veth_pair.start_target()[version]
    loss = "meta l4proto tcp numgen random mod 100 < 5 drop"
    filtered(veth_pair, f"input {loss}", f"output {loss}")
    clean = frozenset((s, k) for s in ("ESTABLISHED", "CLOSING", "TIME-WAIT") for k in ("SYN", "SYN+ACK"))
    run = matrix(endpoint, MatrixOptions(only=clean))
    assert told(run.cells, Verdict.FAIL, Verdict.WARN) == []
    assert Verdict.PASS in {c.verdict for c in run.cells}


@pytest.mark.parametrize(
    ("rule", "state", "kind", "finding"),
    [
        ("output tcp sport {port} tcp flags & (rst|ack) == rst drop", "LISTEN", "ACK", "listen.ack-gets-rst"),
        ("input tcp flags & (fin|syn|rst) == fin meta length 40 drop", "ESTABLISHED", "FIN+ACK", "close.fin-acked"),
        ("input tcp flags & (syn|ack) == (syn|ack) drop", "ESTABLISHED", "SYN+ACK", "halfopen.syn-out-of-window"),
    ],
)
def test_deliberate_fault_is_found_in_its_cell(veth_pair: Far, rule: str, state: str, kind: str, finding: str) -> None:
    endpoint = veth_pair.start_target()[4]
    filtered(veth_pair, rule.format(port=endpoint.port))
    # What a filter would let through as little is answered, so that the silence is the peer's.
    answered = {("ESTABLISHED", "ACK"), ("ESTABLISHED", "SYN+ACK"), ("CLOSED", "FIN"), ("LISTEN", "SYN")}
    only = frozenset({(state, kind), ("FIN-WAIT-1", "DATA"), *answered})
    run = matrix(endpoint, MatrixOptions(trigger="target", only=only))
    departed = {c.rule for c in run.cells if c.place == f"{state}:{kind}" and c.verdict in {Verdict.FAIL, Verdict.WARN}}
    assert finding in departed, [c for c in run.cells if c.findings][:3]


def test_an_ordinary_server_is_judged_as_far_as_it_goes(private_net: None) -> None:
    port = free_port()
    only = frozenset({(state, "ACK") for state in STATES})
    with server([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], port) as endpoint:
        run = matrix(endpoint, MatrixOptions(only=only))
    assert run.trigger == "http"
    skipped = {c.state for c in run.cells if c.verdict is Verdict.SKIP}
    assert skipped == {"SYN-SENT", "CLOSE-WAIT"}
    assert all("run probe target" in c.reason for c in run.cells if c.verdict is Verdict.SKIP)
    judged = {c.state for c in run.cells if c.verdict in {Verdict.PASS, Verdict.FAIL}}
    assert judged == set(STATES) - skipped


def test_a_port_without_listener_ends_the_run_in_one_sentence(private_net: None) -> None:
    with pytest.raises(UnansweredError, match="refuses connections"):
        matrix(Endpoint("127.0.0.1", free_port()), MatrixOptions(only=frozenset({(s, "ACK") for s in STATES})))


def test_what_is_left_out_is_listed_and_not_played(target: dict[int, Endpoint], tmp_path: Path) -> None:
    path = tmp_path / "matrix.pcapng"
    options = MatrixOptions(only=frozenset({("ESTABLISHED", "ACK"), ("LISTEN", "RST")}), skip=("established:*+2^31*",))
    with Recorder(path, section_comment("matrix", options.profile)) as recorder:
        run = matrix(target[4], replace(options, recorder=recorder))
    left = {c.id for c in run.cells if c.why is Why.LEFT_OUT}
    assert left == {c.id for c in run.cells if c.id.startswith("established:") and "+2^31" in c.id} != set()
    assert {c.verdict for c in run.cells if c.id in left} == {Verdict.SKIP}
    assert judge_recording(str(path)).matrix == MatrixReport("rfc9293", (run,))
