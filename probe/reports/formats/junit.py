"""JUnit XML, as Jenkins, GitLab and GitHub's actions read it: a suite a target or file, a case a judged thing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe.reports.document import Case, CaseEnd, Document, Part, Suite
from probe.reports.formats import Format
from probe.reports.formats.text import Style, part

if TYPE_CHECKING:
    from junitparser import TestSuite

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(document: Document) -> Iterator[str]:
    """The document. It keeps to the schema of Jenkins' xUnit plugin, which has skipped cases counted in suites only."""
    from junitparser import JUnitXml  # takes a while to load

    suites = list(document.suites())
    # What no run tells itself.
    troubles = [*(trouble.sentence for trouble in document.errors if not trouble.own), *document.damage]
    if troubles:
        cases = [Case(f"environment {n}", CaseEnd.ERROR, text, "environment") for n, text in enumerate(troubles, 1)]
        suites.append(Suite("", cases))
    root = JUnitXml(_legal(f"probe {document.command}"))
    made = [_suite(document.command, suite) for suite in suites]
    for one in made:
        root.append(one)  # add_testsuite would join suites of the same name
    root.tests = sum(one.tests for one in made)
    root.failures = sum(one.failures for one in made)
    root.errors = sum(one.errors for one in made)
    root.time = round(sum(suite.seconds for suite in suites), 3)
    buffer = io.BytesIO()
    root.write(buffer)
    yield buffer.getvalue().decode() + "\n"


def _suite(command: str, suite: Suite) -> TestSuite:
    from junitparser import Error, Failure, Skipped, TestCase, TestSuite

    kinds = {CaseEnd.FAILED: Failure, CaseEnd.ERROR: Error, CaseEnd.SKIPPED: Skipped}
    made = TestSuite(_legal(" ".join(filter(None, ("probe", command, suite.name)))))
    for key, value in suite.properties.items():  # before the cases, where Surefire's schema wants them
        made.add_property(_legal(key), _legal(value))
    # Readers group cases by their class; a dot in what follows the command would begin another level.
    group = ".".join(filter(None, (command, suite.name.replace(".", "_"))))
    for case in suite.cases:
        one = TestCase(_legal(case.name), _legal(group), round(case.seconds, 3))
        if case.end in kinds:
            result = kinds[case.end](_legal(" ".join(case.message.split())), _legal(case.kind))
            if case.text:
                result.text = _plain(case.text)
            one.result = [result]
        if case.evidence:
            one.system_out = _plain(case.evidence) + "\n"
        made.append(one)
    made.update_statistics()
    made.time = round(suite.seconds, 3)
    if suite.began is not None:
        made.timestamp = datetime.fromtimestamp(suite.began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return made


def _plain(parts: tuple[Part | str, ...]) -> str:
    """As people read it, without colours."""
    return _legal("\n\n".join(one if isinstance(one, str) else part(one, Style(100)) for one in parts))


def _legal(text: str) -> str:
    """XML 1.0 has no way at all to write some characters."""
    return _ILLEGAL.sub("\ufffd", text)


FORMAT = Format("junit", "Write JUnit XML, as Jenkins and GitLab read it.", render)
