"""The answer in three words."""

from __future__ import annotations

import pytest

from probe.engine.summary import FOLLOWED, INCONCLUSIVE, NOT_FOLLOWED, SKIPPED, summarize
from probe.engine.verdict import ExchangeResult, Finding, Word

TOPICS = {"open": "three_way", "close-by-us": "close_by_us", "close-by-peer": "close_by_peer", "old-syn": ""}


def result(name: str, word: Word, *broken: str, shown: tuple[str, ...] = ()) -> ExchangeResult:
    findings = tuple(Finding(rule, "SPEC", "RFC 9293", "", "", "") for rule in broken)
    return ExchangeResult(name, name, word, findings=findings, rules=shown)


@pytest.mark.parametrize(
    ("results", "answer"),
    [
        ([], (SKIPPED, SKIPPED, SKIPPED)),
        ([result("open", Word.PASS)], (FOLLOWED, SKIPPED, SKIPPED)),
        ([result("open", Word.WARN, "synack.initial-rto")], (FOLLOWED, SKIPPED, SKIPPED)),
        ([result("open", Word.INCONCLUSIVE)], (INCONCLUSIVE, SKIPPED, SKIPPED)),
        ([result("open", Word.SKIP)], (SKIPPED, SKIPPED, SKIPPED)),
        ([result("open", Word.FAIL, "open.synack-ack-number")], (NOT_FOLLOWED, SKIPPED, SKIPPED)),
        (
            [result("open", Word.PASS), result("close-by-us", Word.FAIL, "close.fin-acked")],
            (FOLLOWED, NOT_FOLLOWED, SKIPPED),
        ),
        (
            [result("open", Word.PASS), result("old-syn", Word.FAIL, "open.syn-out-of-window-synrcvd")],
            (NOT_FOLLOWED, SKIPPED, SKIPPED),
        ),
        (
            [result("close-by-peer", Word.FAIL, "ack.under-half-second", shown=("aclose.fin-form",))],
            (SKIPPED, SKIPPED, FOLLOWED),
        ),
        ([result("close-by-peer", Word.FAIL, "ack.under-half-second")], (SKIPPED, SKIPPED, NOT_FOLLOWED)),
    ],
)
def test_three_words(results: list[ExchangeResult], answer: tuple[str, str, str]) -> None:
    found = summarize(results, TOPICS)
    assert (found.three_way, found.close_by_us, found.close_by_peer) == answer
