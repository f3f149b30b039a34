"""What a verdict stands on, proof by proof: reached, delivered, departed, again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probe.reports import document as doc
from probe.reports.wording import listed
from probe.results.connection import Connection
from probe.results.matrix import CellResult
from probe.results.proofs import Again, CapturedEnd, Delivered, Departed, Proofs, Reached, Vote
from probe.results.verdict import ExchangeResult


def why(result: ExchangeResult | CellResult, where: str) -> doc.Answer:
    """The proofs of an exchange or a cell, a line each; of an exchange the ladder has the belief after each event."""
    reason = f" ({result.reason})" if result.reason else ""
    lines = [doc.Line("verdict", (doc.toned(result.verdict), reason))]
    none = "none: it was not played" if not result.attempts else "none: no attempt came to what it is about"
    lines += _proofs(result.proofs) if result.proofs is not None else [doc.fact("proofs", none)]
    return doc.Answer(f"why, {where}", tuple(lines))


def ends(connection: Connection, found: Iterable[CapturedEnd]) -> doc.Answer:
    """How the ends of a captured connection were judged: excuses tried in turn, and the belief that was left."""
    lines = [doc.Line("verdict", (doc.toned(connection.verdict),))]
    for end in found:
        who = "client" if end.client else "server"
        if not end.walks:
            lines.append(doc.fact(who, "nothing can be believed of it: the record does not begin where it could"))
        for walk in end.walks:
            how = " without copies that the network may have made" * walk.without_copies
            how += " with overtaken packets put where they were sent" * walk.moved
            came = f"packet {walk.broken} is not explained" if walk.broken else "everything is explained"
            came = f"too many histories behind packet {walk.stopped}" if walk.stopped else came
            lines.append(doc.fact(who, f"granted {', '.join(walk.excuses) or 'nothing'}{how}: {came}"))
        told: tuple[str, ...] = ()
        for number, states in end.beliefs:
            if states != told:
                lines.append(doc.fact(who, f"{' or '.join(states)} after packet {number}"))
            told = states
    return doc.Answer(f"why, connection {connection.index} of {connection.file}", tuple(lines))


def _proofs(proofs: Proofs) -> Iterator[doc.Line]:
    if proofs.reached is not None:
        yield from _reached(proofs.reached)
    if proofs.delivered is not None:
        yield from _delivered(proofs.delivered)
    if proofs.departed is not None:
        yield from _departed(proofs.departed)
    if proofs.again is not None:
        yield from _again(proofs.again)


def _reached(found: Reached) -> Iterator[doc.Line]:
    for one in found.shown:
        at = f"at packet {one.packet}, " if one.packet else ""
        told = f"; packet {one.confirmed} tells so" if one.confirmed else ""
        states = f"{at}the peer in {' or '.join(one.states)} before{told}" if one.states else "over the whole exchange"
        yield doc.fact("reached", f"{one.rule}: {states}")
    if found.lacking:
        yield doc.fact("not reached", listed(found.lacking))


def _delivered(found: Delivered) -> Iterator[doc.Line]:
    if found.packet:
        yield doc.fact("delivered", f"packet {found.packet} answers it")
    for sentence in found.path:
        yield doc.fact("delivered" if found.certain else "delivered?", sentence)


def _departed(found: Departed) -> Iterator[doc.Line]:
    yield doc.fact("departed", f"{found.rule}: sent {found.sent}, due {found.due}, came {found.came}")
    if found.states:
        yield doc.fact("believed", f"{' or '.join(found.states)} before it; no permitted history goes on from there")
    for one in found.tried:
        if not one.explains:
            yield doc.fact("excuse", f"{one.excuse} does not explain it")
            continue
        stands = "stands" if one.stands else "does not stand"
        yield doc.fact("excuse", f"{one.excuse} would explain it and {stands}" + (f" ({one.why})" if one.why else ""))


def _again(found: Again) -> Iterator[doc.Line]:
    for number, vote in enumerate(found.votes, 1):
        yield doc.fact(f"attempt {number}", _vote(vote))
    chance = ""
    if found.chance is not None:
        chance = f"; chance of that by accident 1 in {1 / found.chance:,.0f}" if found.chance else ""
    yield doc.fact("vote", found.outcome + chance)


def _vote(vote: Vote) -> str:
    if vote.departure is None:
        return f"{vote.word}" + (f": {vote.reason}" if vote.reason else "")
    form = vote.departure
    place = f" to segment {form.place + 1} of the script" if form.place >= 0 else ""
    excuses = f" (explained by {listed(vote.excuses)})" if vote.excuses else " (nothing explains it)"
    return f"{vote.word}: {listed(form.rules)}, {form.kind or 'no silence'}{place}{excuses}"
