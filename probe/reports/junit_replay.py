"""What a replay found as JUnit's suites: recordings as checks are, captures with a case a connection that is listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.reports import as_junit, junit_suites
from probe.reports.as_junit import Case, End, Suite, environment
from probe.reports.as_replay_json import Recording
from probe.reports.as_replay_text import LATE, finding_text
from probe.reports.as_text import Style
from probe.reports.junit_suites import outcome
from probe.results.connection import Connection, Evidence, Replay
from probe.results.verdict import Verdict

_PLAIN = Style(100)


def render(
    replay: Replay | None,
    listed: Sequence[Connection],
    *,
    recordings: Sequence[Recording] = (),
    errors: Sequence[str] = (),
) -> str:
    """The document; ``listed`` are the connections that get a case, the counts in the properties are of all."""
    judged = [one.report for one in recordings if not one.report.unchecked]
    found = [suite for report in judged for suite in junit_suites.suites(report)]
    if replay is not None:
        found += [_suite(replay, file, [c for c in listed if c.file == file]) for file in _files(replay, listed)]
    late = [_late(one.report.unchecked[0].reason, one.report.fail_on, one.file) for one in recordings if _is_late(one)]
    late += [_late(LATE, replay.fail_on)] if replay is not None and replay.late else []
    found += [Suite("probe replay: deadline", "replay.deadline", late)] if late else []
    faults = replay.faults if replay is not None else ()
    troubles = [*errors, *(f"{file}, octet {octet}: {reason}; results up to there" for file, octet, reason in faults)]
    return as_junit.render(found + ([environment("probe replay", troubles)] if troubles else []), "probe replay")


def _is_late(recording: Recording) -> bool:
    return bool(recording.report.unchecked)


def _late(reason: str, fail_on: frozenset[Verdict], name: str = "captures") -> Case:
    """What the deadline left unread or unjudged: inconclusive."""
    end, message, kind = outcome(Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, (), (), reason, fail_on)
    return Case(name, end, message, kind)


def _files(replay: Replay, listed: Sequence[Connection]) -> list[str]:
    """Those something is listed of; one at least, so that the counts have a place."""
    found = [file for file in replay.files if any(c.file == file for c in listed)]
    return found or list(replay.files[:1])


def _suite(replay: Replay, file: str, connections: Sequence[Connection]) -> Suite:
    return Suite(
        f"probe replay {file}",
        f"replay.{file.replace('.', '_')}",
        [_case(one, replay.fail_on) for one in connections],
        dict(_properties(replay)),
        sum(c.duration for c in connections),
        min((c.start for c in connections), default=None),
    )


def _properties(replay: Replay) -> Iterator[tuple[str, str]]:
    yield "profile", replay.profile
    yield "files", str(len(replay.files))
    yield "connections", str(replay.connections)
    for word in Verdict:
        yield word.value, str(replay.verdicts.get(word, 0))
    if replay.expected:
        yield "expected", str(replay.known)


def _case(found: Connection, fail_on: frozenset[Verdict]) -> Case:
    reason = "" if found.evidence is Evidence.COMPLETE else found.evidence
    known = [one for one in found.known if one is not None] if found.expected else []
    end, message, kind = outcome(found.verdict, found.news, found.fresh, known, reason, fail_on)
    details = "\n\n".join(finding_text(found, finding, _PLAIN) for finding in found.findings)
    about = (
        f"{found.packets} packets from packet {found.first_packet}; handshake {found.handshake}; close {found.close};"
    )
    about += f" evidence {found.evidence}; Zeek {found.conn_state} {found.history}"
    name = f"{found.index}: {found.client} > {found.server}"
    text = details if end is End.FAILED else ""
    return Case(name, end, message, kind, text, "\n\n".join(filter(None, (about, details))) + "\n", found.duration)
