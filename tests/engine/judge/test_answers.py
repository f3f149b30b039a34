"""The answer in three words."""

from __future__ import annotations

import pytest

from probe.engine.judge.jury import summarize
from probe.results.verdict import Compliance, ExchangeResult, Finding, Verdict
from probe.spec.rules import Level

FOLLOWED, NOT_FOLLOWED, INCONCLUSIVE, SKIPPED = Compliance
TOPICS = {"open": "three_way", "close-by-us": "close_by_us", "close-by-peer": "close_by_peer", "old-syn": ""}


def result(name: str, word: Verdict, *broken: str, shown: tuple[str, ...] = ()) -> ExchangeResult:
    findings = tuple(Finding(rule, Level.SPEC, "RFC 9293", "", "", "") for rule in broken)
    return ExchangeResult(name, name, word, findings=findings, rules=shown)


@pytest.mark.parametrize(
    ("results", "answer"),
    [
        ([], (SKIPPED, SKIPPED, SKIPPED)),
        ([result("open", Verdict.PASS)], (FOLLOWED, SKIPPED, SKIPPED)),
        (
            [result("open", Verdict.WARN, "synack.initial-rto")],
            (FOLLOWED, SKIPPED, SKIPPED),
        ),
        ([result("open", Verdict.INCONCLUSIVE)], (INCONCLUSIVE, SKIPPED, SKIPPED)),
        ([result("open", Verdict.SKIP)], (SKIPPED, SKIPPED, SKIPPED)),
        (
            [result("open", Verdict.FAIL, "open.synack-ack-number")],
            (NOT_FOLLOWED, SKIPPED, SKIPPED),
        ),
        (
            [result("open", Verdict.PASS), result("close-by-us", Verdict.FAIL, "close.fin-acked")],
            (FOLLOWED, NOT_FOLLOWED, SKIPPED),
        ),
        (
            [result("open", Verdict.PASS), result("old-syn", Verdict.FAIL, "open.syn-out-of-window-synrcvd")],
            (NOT_FOLLOWED, SKIPPED, SKIPPED),
        ),
        (
            [result("close-by-peer", Verdict.FAIL, "ack.under-half-second", shown=("aclose.fin-form",))],
            (SKIPPED, SKIPPED, FOLLOWED),
        ),
        (
            [result("close-by-peer", Verdict.FAIL, "ack.under-half-second")],
            (SKIPPED, SKIPPED, NOT_FOLLOWED),
        ),
    ],
)
def test_three_words(results: list[ExchangeResult], answer: tuple[str, str, str]) -> None:
    found = summarize(results, TOPICS)
    assert (found.three_way, found.close_by_us, found.close_by_peer) == answer
