"""A replay in Markdown: recordings as a check's, captures by counts, the connections listed, findings and ladders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from probe.reports import as_annotations, as_markdown
from probe.reports.as_annotations import Annotation, level_of, troubles, written
from probe.reports.as_replay_json import Recording
from probe.reports.as_replay_mermaid import Placed, diagram
from probe.reports.as_replay_text import LATE, blamed_text, counts_line, outcomes_text, recording_text
from probe.reports.markdown import code, fitted, mermaid, table, text
from probe.reports.replay_table import path, short_names, why
from probe.reports.wording import known_text, packets_text
from probe.results.connection import Connection, Evidence, Opener, Replay
from probe.results.verdict import Finding, Verdict

_WORDS = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.SKIP)
_HEADERS = (
    "connection", "client", "server", "handshake", "close", "client states", "server states", "evidence", "verdict",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What is told: recordings, captures, and of these the connections to list with the segments to draw.

    ``segments`` are by file and index of their connection.
    """

    replay: Replay | None
    listed: Sequence[Connection] = ()
    recordings: Sequence[Recording] = ()
    segments: Mapping[tuple[str, int], Sequence[Placed]] = field(default_factory=dict)


def fails(connection: Connection, replay: Replay) -> bool:
    """Whether it fails the run, and so is drawn."""
    return connection.news is Verdict.FAIL or connection.news in replay.fail_on


def render(report: ReplayReport, *, exit_code: int, errors: Sequence[str] = (), room: int | None = None) -> str:
    """The document; with ``room``, no longer than so many octets."""
    replay = report.replay
    heads = [_recording(one, exit_code if replay is None else one.report.exit_code) for one in report.recordings]
    heads += [_head(replay, exit_code)] if replay is not None else []
    heads = heads or [f"## probe replay: nothing was judged\n\n{code(f'exit {exit_code}')}\n"]
    heads += ["".join(f"- {text(sentence)}\n" for sentence in errors)] if errors else []
    parts = [part for one in report.recordings for part in as_markdown.parts(one.report)]
    parts += list(_parts(replay, report.listed)) if replay is not None else []
    parts += [part for one in report.recordings for part in as_markdown.ladders(one.report)]
    parts += list(_ladders(replay, report)) if replay is not None else []
    return fitted("\n".join(heads), parts, room)


def annotated(report: ReplayReport, *, errors: Sequence[str] = ()) -> str:
    """Workflow commands of GitHub Actions: one a finding in a recording, a rule broken in captures, an error."""
    found = list(troubles(errors))
    for one in report.recordings:
        found += as_annotations.found(one.report)
    if report.replay is not None:
        found += troubles(_damage(report.replay))
        found += _rules(report.replay, report.listed)
    return written(found)


# -- heads -------------------------------------------------------------------------------------------------------------


def _recording(recording: Recording, exit_code: int) -> str:
    about = [f"{text(recording_text(recording))}\n", "".join(f"- {text(one)}\n" for one in recording.differs)]
    top = as_markdown.head(recording.report, exit_code=exit_code, of=f" {text(recording.file)}")
    return "\n".join([top, *filter(None, about)])


def _head(replay: Replay, exit_code: int) -> str:
    files = text(replay.files[0]) if len(replay.files) == 1 else f"{len(replay.files):,} files"
    failed = sum(count for word, count in replay.verdicts.items() if word in replay.fail_on.union({Verdict.FAIL}))
    told = f"{failed:,} of {replay.connections:,} connections failed" if failed else "no connection failed"
    told += ", but not all was read" if replay.late or replay.interrupted else ""
    lines = [f"## probe replay {files}: {told if replay.connections else 'nothing was judged'}\n"]
    lines.append(f"{code(counts_line(replay, exit_code))}\n")
    lines.append(table(("", "count"), [(name, text(value)) for name, value in _counts(replay)]))
    if replay.deviations:
        rows = [(code(rule), word.value, f"{count:,}") for (rule, word), count in replay.deviations.items()]
        lines.append(table(("rule broken", "verdict", "connections"), rows))
    return "\n".join(lines)


def _counts(replay: Replay) -> Iterator[tuple[str, str]]:
    yield "profile", replay.profile
    yield "records", f"{replay.records:,}"
    yield "connections", f"{replay.connections:,}"
    yield "handshake", outcomes_text(replay.counts, 0)
    yield "close", outcomes_text(replay.counts, 1)
    verdicts = [f"{word} {replay.verdicts[word]:,}" for word in _WORDS if replay.verdicts.get(word)]
    yield "verdict", ", ".join(verdicts + ([f"expected {replay.known:,}"] if replay.known else []))
    yield "evidence", ", ".join(f"{what} {count:,}" for what, count in replay.evidence.items())
    yield "skipped", ", ".join(f"{reason} {count:,}" for reason, count in replay.skipped.items()) or "no record"
    for sentence in _damage(replay):
        yield "damaged", sentence
    if replay.late:
        yield "deadline", LATE


def _damage(replay: Replay) -> list[str]:
    return [f"{file}, octet {octet}: {reason}; results up to there" for file, octet, reason in replay.faults]


# -- parts, the weightiest first ---------------------------------------------------------------------------------------


def _parts(replay: Replay, listed: Sequence[Connection]) -> Iterator[str]:
    names = short_names(replay.files)
    for connection in listed:
        if connection.findings and not connection.expected:
            yield _findings(connection, names)
    if listed:
        left = replay.connections - len(listed)
        more = f"\n{left:,} more not listed.\n" if left > 0 else ""
        yield "### Connections, the worst first\n\n" + table(_HEADERS, [_row(c, names) for c in listed]) + more
    yield from as_markdown.gone(replay.expected)


def _name(connection: Connection, names: Mapping[str, str]) -> str:
    return f"{names[connection.file]}:{connection.index}" if len(names) > 1 else str(connection.index)


def _row(c: Connection, names: Mapping[str, str]) -> tuple[str, ...]:
    reasons = [known_text(one) for one in c.known if one is not None] if c.expected else [why(c)]
    verdict = ": ".join(filter(None, ("expected" if c.expected else c.news.value, "; ".join(filter(None, reasons)))))
    opening = c.handshake if c.opener is Opener.CLIENT else f"{c.handshake} ({c.opener})"
    cells = (_name(c, names), str(c.client), str(c.server), opening, c.close)
    return tuple(map(text, (*cells, path(c.client_states), path(c.server_states), c.evidence, verdict)))


def _findings(c: Connection, names: Mapping[str, str]) -> str:
    lines = [f"### Connection {text(_name(c, names))}: {c.news}\n", f"{text(f'{c.client} > {c.server}')}\n"]
    for finding in c.findings:
        since = dict(zip(c.findings, c.known, strict=False)).get(finding)
        lines.append(f"{code(finding.rule)} ({text(finding.level_text)}, {text(finding.clause)})\n")
        about = [("sent", code(finding.sent)), ("due", code(finding.due)), ("came", code(finding.came))]
        about += [("against", text(blamed_text(c, finding))), ("packets", packets_text(finding.packets))]
        about += [("evidence", text(c.evidence))] if c.evidence is not Evidence.COMPLETE else []
        about += [("expected", f"known since {since.date}: {text(since.reason)}")] if since else []
        lines.append("".join(f"- {name} {value}\n" for name, value in about if value))
    return "\n".join(lines)


def _ladders(replay: Replay, report: ReplayReport) -> Iterator[str]:
    names = short_names(replay.files)
    for c in report.listed:
        if fails(c, replay):
            segments = report.segments.get((c.file, c.index), ())
            yield f"### Connection {text(_name(c, names))}: ladder\n\n" + mermaid(diagram(c, segments))


# -- annotations -------------------------------------------------------------------------------------------------------


def _rules(replay: Replay, listed: Sequence[Connection]) -> Iterator[Annotation]:
    """One a rule broken, with the first connection listed as its example; what was not read where that fails."""
    for (rule, word), count in sorted(replay.deviations.items(), key=lambda entry: entry[0][1] is not Verdict.FAIL):
        level = level_of(word, replay.fail_on)
        if level is not None:
            where = f"{count:,} connection{'s' * (count != 1)}"
            example = next(((c, f) for c in listed for f in c.fresh if f.rule == rule), None)
            message = _example(*example) if example else "none of them is among those that --limit lists"
            yield Annotation(level, f"{rule} in {where}", message)
    if replay.late and Verdict.INCONCLUSIVE in replay.fail_on:
        yield Annotation("error", "inconclusive", LATE)


def _example(c: Connection, f: Finding) -> str:
    place = f"connection {c.index} of {c.file} ({c.client} > {c.server})"
    return f"{place}: sent {f.sent}; due {f.due}; came {f.came}, by {blamed_text(c, f)} ({f.level_text}, {f.clause})"
