"""One order of exit codes, whatever a command put together."""

from __future__ import annotations

import itertools

import pytest

from probe.results.exit_codes import ExitCode, heaviest
from probe.results.verdict import Verdict, exit_code

ORDER = [
    ExitCode.VIOLATED,
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.ENVIRONMENT,
    ExitCode.INCONCLUSIVE,
    ExitCode.CONFORMS,
]


def test_a_violation_outweighs_an_interruption_that_an_error_that_what_cannot_be_told() -> None:
    assert set(ORDER) == set(ExitCode)
    for heavy, light in itertools.combinations(ORDER, 2):
        assert heaviest([light, heavy, light]) is heavy


def test_where_nothing_was_judged_nothing_is_concluded() -> None:
    assert heaviest([]) is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize(
    ("words", "fail_on", "interrupted", "code"),
    [
        ({Verdict.PASS, Verdict.WARN, Verdict.SKIP}, (), False, ExitCode.CONFORMS),
        ({Verdict.PASS, Verdict.WARN}, (Verdict.WARN,), False, ExitCode.VIOLATED),
        ({Verdict.PASS, Verdict.INCONCLUSIVE}, (), False, ExitCode.INCONCLUSIVE),
        ({Verdict.INCONCLUSIVE}, (Verdict.INCONCLUSIVE,), False, ExitCode.VIOLATED),
        ({Verdict.PASS}, (), True, ExitCode.INTERRUPTED),
        ({Verdict.FAIL, Verdict.INCONCLUSIVE}, (), True, ExitCode.VIOLATED),
        ((), (), True, ExitCode.INTERRUPTED),
        ((), (), False, ExitCode.INCONCLUSIVE),
    ],
)
def test_what_verdicts_come_to(
    words: set[Verdict], fail_on: tuple[Verdict, ...], interrupted: bool, code: ExitCode
) -> None:
    assert exit_code(words, frozenset(fail_on), interrupted=interrupted) is code
