"""JUnit XML, as Jenkins, GitLab and GitHub's actions read it: suites and cases to text."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN = "\ufffd"


class End(Enum):
    """How a case ended, in JUnit's terms."""

    PASSED = None
    FAILED = Failure
    ERROR = Error
    SKIPPED = Skipped


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``message`` is one line, ``text`` all of it, ``kind`` the sort of failure, ``out`` the evidence."""

    name: str
    end: End = End.PASSED
    message: str = ""
    kind: str = ""
    text: str = ""
    out: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one run. ``group`` is what readers group cases by: a dot in it would begin another level."""

    name: str
    group: str
    cases: Sequence[Case]
    properties: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    began: float | None = None


def render(suites: Sequence[Suite], name: str) -> str:
    """The document. It keeps to the schema of Jenkins' xUnit plugin, which has skipped cases counted in suites only."""
    root = JUnitXml(_legal(name))
    made = [_suite(suite) for suite in suites]
    for one in made:
        root.append(one)  # add_testsuite would join suites of the same name
    root.tests = sum(one.tests for one in made)
    root.failures = sum(one.failures for one in made)
    root.errors = sum(one.errors for one in made)
    root.time = round(sum(suite.seconds for suite in suites), 3)
    buffer = io.BytesIO()
    root.write(buffer)
    return buffer.getvalue().decode() + "\n"


def environment(name: str, sentences: Sequence[str]) -> Suite:
    """A suite of troubles that are neither the peer's nor any run's."""
    cases = [Case(f"environment {n}", End.ERROR, text, "environment") for n, text in enumerate(sentences, 1)]
    return Suite(name, name.replace(".", "_"), cases)


def _suite(suite: Suite) -> TestSuite:
    made = TestSuite(_legal(suite.name))
    for key, value in suite.properties.items():  # before the cases, where Surefire's schema wants them
        made.add_property(_legal(key), _legal(value))
    for case in suite.cases:
        made.append(_case(case, suite.group))
    made.update_statistics()
    made.time = round(suite.seconds, 3)
    if suite.began is not None:
        made.timestamp = datetime.fromtimestamp(suite.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return made


def _case(case: Case, group: str) -> TestCase:
    made = TestCase(_legal(case.name), _legal(group), round(case.seconds, 3))
    if case.end.value is not None:
        result = case.end.value(_legal(" ".join(case.message.split())), _legal(case.kind))
        if case.text:
            result.text = _legal(case.text)
        made.result = [result]
    if case.out:
        made.system_out = _legal(case.out)
    return made


def _legal(text: str) -> str:
    """XML 1.0 has no way at all to write some characters."""
    return _ILLEGAL.sub(_UNKNOWN, text)
