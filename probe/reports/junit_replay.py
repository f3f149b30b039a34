"""What a replay found as JUnit's suites: recordings as checks are, captures with a case a connection that is listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.engine.connection import Connection, Replay
from probe.engine.verdict import Word
from probe.reports import as_junit, junit_suites
from probe.reports.as_junit import Case, Suite, environment
from probe.reports.as_replay_json import Recording
from probe.reports.as_replay_text import finding_text
from probe.reports.as_text import Style
from probe.reports.junit_suites import outcome

_PLAIN = Style(100)


def render(
    replay: Replay | None,
    listed: Sequence[Connection],
    *,
    recordings: Sequence[Recording] = (),
    errors: Sequence[str] = (),
) -> str:
    """The document; ``listed`` are the connections that get a case, the counts in the properties are of all."""
    found = [suite for one in recordings for suite in junit_suites.suites(one.report)]
    if replay is not None:
        found += [_suite(replay, file, [c for c in listed if c.file == file]) for file in _files(replay, listed)]
    faults = replay.faults if replay is not None else ()
    troubles = [*errors, *(f"{file}, octet {octet}: {reason}; results up to there" for file, octet, reason in faults)]
    return as_junit.render(found + ([environment("probe replay", troubles)] if troubles else []), "probe replay")


def _files(replay: Replay, listed: Sequence[Connection]) -> list[str]:
    """Those something is listed of; one at least, so that the counts have a place."""
    found = [file for file in replay.files if any(c.file == file for c in listed)]
    return found or list(replay.files[:1])


def _suite(replay: Replay, file: str, connections: Sequence[Connection]) -> Suite:
    return Suite(
        f"probe replay {file}",
        f"replay.{file.replace('.', '_')}",
        [_case(one) for one in connections],
        dict(_properties(replay)),
        sum(c.duration for c in connections),
        min((c.start for c in connections), default=None),
    )


def _properties(replay: Replay) -> Iterator[tuple[str, str]]:
    yield "profile", replay.profile
    yield "files", str(len(replay.files))
    yield "connections", str(replay.connections)
    for word in Word:
        yield word.value, str(replay.verdicts.get(word, 0))


def _case(found: Connection) -> Case:
    reason = "" if found.evidence == "complete" else found.evidence
    end, message, kind = outcome(found.verdict, found.verdict, found.findings, (), reason, frozenset())
    details = "\n\n".join(finding_text(found, finding, _PLAIN) for finding in found.findings)
    about = (
        f"{found.packets} packets from packet {found.first_packet}; handshake {found.handshake}; close {found.close};"
    )
    about += f" evidence {found.evidence}; Zeek {found.conn_state} {found.history}"
    name = f"{found.index}: {found.client} > {found.server}"
    text = details if found.verdict is Word.FAIL else ""
    return Case(name, end, message, kind, text, "\n\n".join(filter(None, (about, details))) + "\n", found.duration)
