"""Deviations of captured connections that are expected: counted by record as counting each connection would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from probe.capture import cuts
from probe.replay import run as module
from probe.replay.run import ReplayOptions, replay
from probe.results.verdict import Expected, Fate, Verdict
from probe.spec.segment import ACK, FIN, PSH, SYN
from tests.capture.build import EVENING, Frame, pcap
from tests.replay.traffic import Piece, frame

Workers = Callable[[], Executor] | None
RULE = "aclose.no-data-after-fin"
COUNT = 210


def late_text(client: bool | None, at: int) -> list[Piece]:
    """A connection that one end closes and then sends text on; an orderly one for None."""
    ours, theirs = at, at + 5000
    pieces = [
        Piece(True, SYN, ours, 0),
        Piece(False, SYN | ACK, theirs, ours + 1),
        Piece(True, ACK, ours + 1, theirs + 1),
    ]
    first = client is not False
    own, other = (ours + 1, theirs + 1) if first else (theirs + 1, ours + 1)
    pieces += [Piece(first, FIN | ACK, own, other), Piece(not first, ACK, other, own + 1)]
    if client is not None:
        pieces.append(Piece(first, PSH | ACK, own + 1, other, 10))
    return [*pieces, Piece(not first, FIN | ACK, other, own + 1), Piece(first, ACK, own + 1, other + 1)]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Connections of which a seventh break the rule by the client, two sevenths by the server, on seven four-tuples."""
    frames: list[Frame] = []
    for number in range(COUNT):
        client = {0: True, 1: False, 2: False}.get(number % 7)
        for piece in late_text(client, number * 20_000):
            frames.append(frame(piece, 40000 + number % 5, EVENING + len(frames) * 1_000_000))
    path = tmp_path_factory.mktemp("captures") / "many"
    path.write_bytes(pcap(frames))
    return str(path)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few thousand octets."""
    monkeypatch.setattr(cuts.cut, "__defaults__", (1000,))
    monkeypatch.setattr(module, "PART", 9000)
    monkeypatch.setattr(module, "PART_LISTED", 9000)


def threads() -> Executor:
    """Workers of this process: the parts are put together as those of others are, which take a second to start."""
    return ThreadPoolExecutor(2)


def expected(target: str = "", version: int = 0, rule: str = RULE, exchange: str = "capture") -> Expected:
    return Expected(exchange, rule, "2026-01-31", "old", target, version)


@pytest.mark.parametrize("workers", [None, threads], ids=["alone", "in parts"])
@pytest.mark.parametrize(
    ("expectations", "known", "fates"),
    [
        ((), 0, []),
        ((expected(),), 90, [Fate.OCCURS]),
        ((expected("*:80"),), 60, [Fate.OCCURS]),
        ((expected("*:40001"),), 6, [Fate.OCCURS]),
        ((expected("*:80"), expected(version=4)), 90, [Fate.OCCURS, Fate.OCCURS]),
        ((expected(version=6),), 0, [Fate.OPEN]),
        ((expected("198.51.100.1"), expected("*:40003", rule="close.fin-acked")), 0, [Fate.OPEN, Fate.GONE]),
        ((expected(rule="close.fin-acked"), expected(exchange="open")), 0, [Fate.GONE, Fate.OPEN]),
    ],
)
def test_counts_are_those_of_the_connections(
    capture: str, expectations: tuple[Expected, ...], known: int, fates: list[Fate], workers: Workers
) -> None:
    whole = replay(ReplayOptions((capture,), workers=1, expected=expectations, executor=workers))
    assert (whole.connections, whole.known) == (COUNT, known)
    assert [one.fate for one in whole.expected] == fates
    assert sum(c.expected for c in whole.listed) == known
    assert whole.verdicts == Counter(c.news for c in whole.listed if not c.expected)
    assert whole.deviations == Counter((f.rule, f.word) for c in whole.listed for f in c.fresh)
    few = replay(ReplayOptions((capture,), workers=1, expected=expectations, executor=workers, limit=5))
    assert few.listed == whole.listed[:5]
    assert (few.verdicts, few.known, few.deviations) == (whole.verdicts, known, whole.deviations)


def test_what_is_expected_is_told_to_other_processes(capture: str) -> None:
    found = replay(ReplayOptions((capture,), workers=2, expected=(expected("*:80"), expected(rule="close.fin-acked"))))
    assert (found.connections, found.known) == (COUNT, 60)
    assert [one.fate for one in found.expected] == [Fate.OCCURS, Fate.GONE]


def test_what_is_expected_stands_behind_what_is_news(capture: str) -> None:
    found = replay(ReplayOptions((capture,), expected=(expected("*:80"),)))
    words = ["expected" if c.expected else c.news.value for c in found.listed]
    assert words == ["fail"] * 30 + ["expected"] * 60 + ["pass"] * 120
    assert found.exit_code == 1
    assert {str(end) for c in found.listed if c.expected for end in c.blamed} == {str(found.listed[0].server)}


def test_nothing_is_gone_where_not_all_was_read(capture: str) -> None:
    found = replay(ReplayOptions((capture,), expected=(expected(rule="close.fin-acked"),), until=0.0))
    assert (found.late, found.interrupted, found.connections) == (True, False, 0)
    assert [one.fate for one in found.expected] == [Fate.OPEN]
    assert (found.exit_code, found.words) == (3, {Verdict.INCONCLUSIVE})
