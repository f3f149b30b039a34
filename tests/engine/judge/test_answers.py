"""The answers: each from its own exchanges, always with its reason; what departs elsewhere is counted beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.judge.answers import summarize
from probe.results.answers import Compliance, Summary
from probe.results.verdict import ExchangeResult, Finding, Verdict, Why
from probe.spec.rules import Level

FOLLOWED, NOT_FOLLOWED, INCONCLUSIVE, SKIPPED = Compliance
NOT_ASKED = "none of its exchanges was asked for"
TOPICS = {"open": "three_way", "close-by-us": "close_by_us", "close-by-peer": "close_by_peer", "old-syn": ""}


def result(name: str, word: Verdict, *broken: str, shown: tuple[str, ...] = (), why: str = "") -> ExchangeResult:
    findings = tuple(Finding(rule, Level.SPEC, "RFC 9293", "", "", "") for rule in broken)
    return ExchangeResult(name, name, word, why, findings=findings, rules=shown)


@pytest.mark.parametrize(
    ("results", "answer", "reasons"),
    [
        ([], (SKIPPED, SKIPPED, SKIPPED), (NOT_ASKED,) * 3),
        ([result("open", Verdict.PASS)], (FOLLOWED, SKIPPED, SKIPPED), ("",)),
        (
            [result("open", Verdict.WARN, "synack.initial-rto")],
            (FOLLOWED, SKIPPED, SKIPPED),
            ("synack.initial-rto in open",),
        ),
        ([result("open", Verdict.INCONCLUSIVE)], (INCONCLUSIVE, SKIPPED, SKIPPED), ("inconclusive (open)",)),
        (
            [result("open", Verdict.SKIP, why="nothing listens")],
            (SKIPPED, SKIPPED, SKIPPED),
            ("nothing listens (open)",),
        ),
        (  # the line about the path says more
            [replace(result("close-by-us", Verdict.SKIP, why="a filter before the peer"), why=Why.PATH)],
            (SKIPPED, SKIPPED, SKIPPED),
            (NOT_ASKED, "kept back by the path (close-by-us)", NOT_ASKED),
        ),
        (
            [result("open", Verdict.FAIL, "open.synack-ack-number")],
            (NOT_FOLLOWED, SKIPPED, SKIPPED),
            ("open.synack-ack-number in open",),
        ),
        (
            [result("open", Verdict.PASS), result("close-by-us", Verdict.FAIL, "close.fin-acked")],
            (FOLLOWED, NOT_FOLLOWED, SKIPPED),
            ("", "close.fin-acked in close-by-us"),
        ),
        (  # a rule of the handshake, broken where no handshake is asked about
            [result("open", Verdict.PASS), result("old-syn", Verdict.FAIL, "open.syn-out-of-window-synrcvd")],
            (FOLLOWED, SKIPPED, SKIPPED),
            ("",),
        ),
        (  # whatever rule it is: the close was not as documented
            [result("close-by-peer", Verdict.FAIL, "ack.under-half-second", shown=("aclose.fin-form",))],
            (SKIPPED, SKIPPED, NOT_FOLLOWED),
            (NOT_ASKED,) * 2 + ("ack.under-half-second in close-by-peer",),
        ),
    ],
)
def test_each_answer_has_its_reason(
    results: list[ExchangeResult], answer: tuple[str, str, str], reasons: tuple[str, ...]
) -> None:
    found = summarize(results, TOPICS)
    assert (found.three_way, found.close_by_us, found.close_by_peer) == answer
    assert found.reasons[: len(reasons)] == reasons
    assert all(word.text != "not shown" or why for word, why in zip(answer_words(found), found.reasons, strict=True))


def test_what_departs_elsewhere_is_counted_beside_the_answers() -> None:
    odd = [result(f"odd-{n}", Verdict.WARN, "seg.out-of-window-acked") for n in range(3)]
    others = [
        *odd,
        result("old-syn", Verdict.FAIL, "a.b", "c.d"),
        result("fine", Verdict.PASS),
        result("x", Verdict.SKIP),
    ]
    around = summarize([result("open", Verdict.PASS), *others], TOPICS).around
    assert around.text == "1 fail, 3 warn in 4 of 5 other exchanges (seg.out-of-window-acked 3, a.b, c.d)"
    assert summarize([result("open", Verdict.PASS), result("old-syn", Verdict.PASS)], TOPICS).around.text == (
        "nothing departs in 1 other exchange"
    )


def answer_words(found: Summary) -> tuple[Compliance, ...]:
    return found.three_way, found.close_by_us, found.close_by_peer
