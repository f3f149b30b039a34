"""The report of a path: its suspects with their figures, the routers on the way, where a segment vanishes."""

from __future__ import annotations

from collections.abc import Iterator

from probe.reports import data
from probe.reports import document as doc
from probe.results.path import Loss, Standing, Suspect, Suspicion
from probe.results.path_run import PathRun
from probe.results.verdict import Verdict

_TONES = {Standing.ACCEPTED: "warn", Standing.REFUSED: "pass", Standing.OPEN: "inconclusive"}
_WORDS = {Standing.ACCEPTED: "found", Standing.REFUSED: "not there", Standing.OPEN: "open"}
_ELSEWHERE = (Suspect.LOSS, Suspect.NO_WAY_BACK)
"""Told by itself, and not asked here."""


def document(run: PathRun) -> doc.Document:
    """The document of one run."""
    heading = f"target {run.target} (IPv{run.ip_version}), profile {run.profile}"
    known = {one.suspect: one for one in run.path.suspicions}
    rows = [_row(known.get(suspect, Suspicion(suspect))) for suspect in Suspect if suspect not in _ELSEWHERE]
    parts: list[doc.Part] = [
        doc.Answer(heading, tuple(_answers(run)), doc.ALWAYS),
        doc.Table(("suspect", "standing", "for", "against", "why"), tuple(rows), on=doc.ALWAYS),
    ]
    if run.hops:
        hops = tuple((str(hop.number), hop.host or "silent", _alive(hop.alive)) for hop in run.hops)
        parts.append(doc.Table(("hop", "router", "the segment"), hops, title="the way", on=doc.ALWAYS))
    told = f"{len(run.path.accepted)} found" if run.answered else "nothing was looked at"
    return doc.Document(
        "path",
        (doc.Section(told, doc.Counts(run.verdicts, interrupted=run.interrupted), tuple(parts)),),
        lambda: _data(run),
        suites=lambda: [_suite(run, parts)],
    )


def _answers(run: PathRun) -> Iterator[doc.Line]:
    if not run.answered:
        yield doc.fact("path", "the target gives no connection, so that nothing can be said")
        return
    yield doc.fact("path", run.path.sentence or "nothing stands in the way")
    yield doc.fact("loss", _loss(run.path.loss))
    if run.vanishes:
        yield doc.fact("hop", run.vanishes)
    for one in run.path.accepted:
        if one.exchanges:
            yield doc.fact(one.suspect.text, f"rest on what it keeps back: {', '.join(one.exchanges)}")


def _loss(loss: Loss) -> str:
    if not loss.asked:
        return "not measured"
    return f"{loss.lost} of {loss.asked} lost, so below {100 * loss.bound:.2g} % (95 %)"


def _row(one: Suspicion) -> tuple[doc.Text, ...]:
    seen = one.fits or one.against
    word = _WORDS[one.standing] if seen else "nothing points to it"
    return one.suspect.text, doc.Toned(word, _TONES[one.standing]), str(one.fits), str(one.against), one.reason


def _alive(alive: bool | None) -> str:
    return "not known" if alive is None else "alive" if alive else "gone"


def _data(run: PathRun) -> doc.Data:
    return {
        **data.envelope("path", run.profile, run.exit_code),
        "target": run.target,
        "ip_version": run.ip_version,
        "interrupted": run.interrupted,
        "answered": run.answered,
        "counts": {word.value: run.verdicts.get(word, 0) for word in Verdict},
        "path": data.path(run.path),
        "hops": [data.plain(hop) for hop in run.hops],
        "sent": run.sent,
        "vanishes": run.vanishes,
        "seconds": round(run.seconds, 6),
        "warnings": list(run.warnings),
        "errors": [],
    }


def _suite(run: PathRun, parts: list[doc.Part]) -> doc.Suite:
    end = doc.CaseEnd.PASSED if run.answered else doc.CaseEnd.SKIPPED
    case = doc.Case("path", end, evidence=tuple(parts), seconds=run.seconds)
    properties = {"target": run.target, "profile": run.profile}
    return doc.Suite(f"{run.target} IPv{run.ip_version}", [case], properties, run.seconds)
