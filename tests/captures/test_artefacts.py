"""What a recorder does to a record accuses nobody, and clears nobody without a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pytest

from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from probe.results.artefacts import Artefact
from probe.results.connection import Close, Connection, Evidence, Replay
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, FIN, SYN
from tests.capture.build import EVENING, FOUR_A, FOUR_B, Frame, ethernet, ipv4, pcap, tcp
from tests.captures.artefacts import ARTEFACTS, MS, WHOLE, Rewriting, merged, renumbered, rows_of, translated
from tests.captures.expected import captures
from tests.captures.rewritten import Row
from tests.replay.test_one_path import in_parts, listed

FILES = [path for path in captures() if "-v4" in path.name and "link-" not in path.name and "cut-off" not in path.name]
"""Every capture once: what lies around the segments, and the IP version, make no difference to what is done here."""
ACCUSED = {Verdict.FAIL, Verdict.WARN}
Ends = frozenset[str]


@dataclass(frozen=True)
class Recorded:
    """A capture as it is, and what is said of the connections between each two ends."""

    rows: list[Row]
    said: dict[Ends, list[Connection]]


def said(octets: bytes, folder: Path) -> tuple[Replay, dict[Ends, list[Connection]]]:
    """What a replay says of a capture."""
    path = folder / "capture.pcap"
    path.write_bytes(octets)
    run, found = replay(ReplayOptions((str(path),), workers=1)), defaultdict[Ends, list[Connection]](list)
    for one in sorted(run.listed, key=lambda one: one.index):
        found[frozenset((str(one.client), str(one.server)))].append(one)
    return run, found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorded]:
    """The captures."""
    folder = tmp_path_factory.mktemp("recorded")
    found = {}
    for path in FILES:
        rows = rows_of(path)
        found[path.name] = Recorded(rows, said(WHOLE.octets(rows), folder)[1])
    return found


def accused(connections: Sequence[Connection]) -> list[Connection]:
    """Those that break something."""
    return [one for one in connections if one.verdict in ACCUSED]


def cleared(before: Recorded, now: dict[Ends, list[Connection]], rows: Sequence[Row]) -> list[str]:
    """The ends of connections that broke something, and now nothing without a word, though no record is missing."""
    if len(rows) < len(before.rows):
        return []
    return [
        " ".join(sorted(ends))
        for ends, connections in before.said.items()
        if accused(connections)
        and all((one.verdict, one.evidence) == (Verdict.PASS, Evidence.COMPLETE) for one in now[ends])
    ]


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda one: one.name)
def test_an_artefact_accuses_nobody(artefact: Rewriting, recorded: dict[str, Recorded], tmp_path: Path) -> None:
    wrong = []
    for name, before in recorded.items():
        rows = artefact.rewrite(list(before.rows))
        _, now = said(artefact.octets(before.rows), tmp_path)
        for ends, connections in now.items():
            if not accused(before.said.get(ends, [])):
                wrong += [f"{name} {sorted(ends)}: {f.rule}" for one in accused(connections) for f in one.findings]
        wrong += [f"{name} {ends}: cleared" for ends in cleared(before, now, rows)]
    assert wrong == []


def test_both_sides_of_a_translator_are_told_apart(recorded: dict[str, Recorded], tmp_path: Path) -> None:
    wrong = []
    for name, before in recorded.items():
        due = {ports(ends): connections for ends, connections in before.said.items()}
        _, now = said(Rewriting("", translated).octets(before.rows), tmp_path)
        assert len(now) == 2 * len(before.said)
        for ends, connections in now.items():
            known = {f.rule for one in accused(due[ports(ends)]) for f in one.findings}
            wrong += [
                f"{name} {sorted(ends)}" for one in accused(connections) if {f.rule for f in one.findings} - known
            ]
    assert wrong == []


def ports(ends: Ends) -> Ends:
    """The ports of two ends, which the translator leaves as they are."""
    return frozenset(end.rpartition(":")[2] for end in ends)


SHIFTS = [(0x12345678, 0), (0, -0x12345678), (-5_000_000, 3_000_000)]
FEW = [path.name for path in FILES if "check-" not in path.name]
"""Without runs of ours, of which most connections are no ordinary ones."""


@pytest.mark.parametrize("shift", SHIFTS)
def test_both_sides_of_what_rewrites_numbers_are_judged(
    shift: tuple[int, int], recorded: dict[str, Recorded], tmp_path: Path
) -> None:
    """Where it is the client's numbers, its SYN is a connection by itself, as everywhere (`splitting`)."""
    wrong, told = [], 0
    for name in FEW:
        before = recorded[name]
        run, now = said(Rewriting("", renumbered(*shift, late=MS // 1000)).octets(before.rows), tmp_path)
        told += any(one.artefact is Artefact.RENUMBERED for one in run.suspicions)
        for ends, connections in now.items():
            known = {f.rule for one in accused(before.said[ends]) for f in one.findings}
            found = {f.rule for one in accused(connections) for f in one.findings}
            wrong += [f"{name} {sorted(ends)}: {found - known}"] if found - known else []
            passed = all(one.verdict is Verdict.PASS for one in connections)
            wrong += [f"{name} {sorted(ends)}: cleared"] if known and passed else []
    assert wrong == []
    assert told * 10 > len(FEW) * 8


def test_a_syn_in_other_numbers_is_known_wherever_the_file_is_cut(
    recorded: dict[str, Recorded], tmp_path: Path
) -> None:
    changed = Rewriting("", renumbered(*SHIFTS[0], late=MS // 1000))
    rows, path = list(recorded["refused-v4.pcap"].rows), tmp_path / "capture.pcap"
    path.write_bytes(changed.octets(rows))
    whole = listed(path)
    assert any(one.artefacts == (Artefact.RENUMBERED,) for one in whole)
    assert not accused(whole)
    sizes = (16 + max(60, 14 + len(row.packet)) for row in changed.rewrite(rows))
    for place in list(accumulate(sizes, initial=24))[1:-1]:
        assert in_parts(path, [place]) == whole
    for one in whole:
        assert extract(str(path), one.index).connection == one


def test_two_captures_in_one_file(recorded: dict[str, Recorded], tmp_path: Path) -> None:
    wrong, names = [], list(recorded)
    for one, other in zip(names[::2], names[1::2], strict=False):
        rows = merged(recorded[one].rows, recorded[other].rows)
        before = recorded[one].said | recorded[other].said
        if len(before) < len(recorded[one].said) + len(recorded[other].said):
            continue  # the same four-tuple in both
        _, now = said(WHOLE.octets(rows), tmp_path)
        words = {ends: [c.verdict for c in some] for ends, some in now.items()}
        wrong += [f"{one} {other} {ends}" for ends, some in before.items() if words[ends] != [c.verdict for c in some]]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("flags only", Artefact.FLAGS_ONLY),
        ("data only", Artefact.DATA_ONLY),
        ("client only", Artefact.ONE_DIRECTION),
        ("doubled", Artefact.DOUBLED),
        ("client late", Artefact.ORDER),
        ("a window missing", Artefact.MISSING),
    ],
)
def test_a_file_tells_what_was_done_to_it(
    name: str, told: Artefact, recorded: dict[str, Recorded], tmp_path: Path
) -> None:
    artefact = next(one for one in ARTEFACTS if one.name == name)
    source = "large-transfer-v4.pcap" if told is Artefact.MISSING else "http-keep-alive-v4.pcap"
    run, _ = said(artefact.octets(recorded[source].rows), tmp_path)
    assert told in {one.artefact for one in run.suspicions}
    [before] = [said(WHOLE.octets(recorded[source].rows), tmp_path)[0].suspicions]
    assert before == ()


SCALED = bytes((2, 4, 5, 180, 4, 2, 8, 10)) + bytes(8) + bytes((1, 3, 3, 10))
"""MSS, SACK permitted, timestamps and a window scale of 10, as Linux sends them: the scale is the last of them."""


@pytest.mark.parametrize("cut", [(), (True,), (False,), (True, False)])
def test_a_window_of_which_the_scale_is_cut_off_refuses_nothing(cut: tuple[bool, ...], tmp_path: Path) -> None:
    """What came first of text behind a gap is acknowledged with the rest: it lay within 63 << 10, and not in 63."""
    frames = []
    for at, (client, seq, ack, flags, size) in enumerate(
        (
            (True, 0, 0, SYN, 0), (False, 0, 1, SYN | ACK, 0), (True, 1, 1, ACK, 0),
            (True, 1, 1, ACK, 500), (False, 1, 501, ACK, 0), (True, 1501, 1, ACK, 1000), (True, 501, 1, ACK, 1000),
            (False, 1, 2501, ACK, 0), (True, 2501, 1, FIN | ACK, 0), (False, 1, 2502, FIN | ACK, 0),
            (True, 2502, 2, ACK, 0),
        )
    ):  # fmt: skip
        ends = ((FOUR_A, 40000), (FOUR_B, 80))
        (source, sport), (target, dport) = ends if client else ends[::-1]
        options, window = (SCALED, 64240) if flags & SYN else (b"", 63)
        body = tcp(source + target, sport, dport, 1000 + seq, 1000 + ack if flags & ACK else 0, flags, window=window,
                   options=options, payload=bytes(size))  # fmt: skip
        frames.append(Frame(ethernet(ipv4(body, source, target)), EVENING + at * MS, 64 if client in cut else None))
    run, _ = said(pcap(frames, nano=True), tmp_path)
    [one] = run.listed
    assert (one.verdict, one.evidence, one.close) == (Verdict.PASS, Evidence.COMPLETE, Close.THREE_SEGMENT)
    assert (Artefact.CUT in one.artefacts) == bool(cut)
    shown = extract(str(tmp_path / "capture.pcap"), one.index)
    assert shown.connection == one
    assert shown.connection.oddities == ()


def test_records_that_are_late_are_measured(recorded: dict[str, Recorded], tmp_path: Path) -> None:
    late = next(one for one in ARTEFACTS if one.name == "client late")
    run, _ = said(late.octets(recorded["http-keep-alive-v4.pcap"].rows), tmp_path)
    [lag] = [one.lag for one in run.suspicions if one.artefact is Artefact.ORDER]
    assert 0.014 < lag < 0.033


def test_what_is_doubtful_does_not_hang_on_how_it_is_asked(recorded: dict[str, Recorded], tmp_path: Path) -> None:
    changed = next(one for one in ARTEFACTS if one.name == "order changed, 3")
    path = tmp_path / "capture.pcap"
    path.write_bytes(changed.octets(recorded["check-v4.pcapng"].rows))
    whole = listed(path)
    doubtful = [one for one in whole if one.doubtful]
    assert doubtful
    ends = [24]
    for size in (len(one.packet) for one in changed.rewrite(list(recorded["check-v4.pcapng"].rows))):
        ends.append(ends[-1] + 16 + max(60, 14 + size))
    assert in_parts(path, [ends[len(ends) // 3], ends[len(ends) // 2]]) == whole
    for one in doubtful:
        assert extract(str(path), one.index).connection == one
