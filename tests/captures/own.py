"""Recorded checks: every documented exchange with the kernel here, and what nft makes a kernel do wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.recording.reading import judge_recording
from probe.recording.sections import section_comment
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder
from tests.captures import stage
from tests.captures.expected import Expected
from tests.captures.stage import Stage
from tests.captures.verdicts import exchanges

DEFAULTS = CheckOptions()


@dataclass(frozen=True, slots=True)
class Check:
    """One check to record. ``rules`` are nft's; ``fails`` the ids of the rules that must be found broken.

    ``where``: the port of the peer (None: the `probe target`). ``words``: the verdicts there may be.
    """

    name: str
    shows: str
    options: CheckOptions = DEFAULTS
    rules: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    where: int | None = None
    words: Collection[str] = (Verdict.PASS,)


FAULTY = (Verdict.PASS, Verdict.FAIL)
CHECKS = (
    Check("check", "every documented exchange with this kernel, a probe target behind the port"),
    Check("check-rfc5961", "the same under the profile rfc5961", CheckOptions(profile="rfc5961", waits=False)),
    Check(
        "check-nginx",
        "the exchanges that nginx can be asked for; the others are skipped",
        where=stage.WEB,
        words=(Verdict.PASS, Verdict.SKIP),
    ),
    Check(
        "check-no-listener",
        "nothing listens: only the refusal can be judged",
        CheckOptions(waits=False),
        where=9,
        words=(Verdict.PASS, Verdict.INCONCLUSIVE),
    ),
    Check(
        "check-no-fin",
        "a firewall drops every FIN of the server",
        CheckOptions(only=("close-by-us-four", "synack-retransmitted")),
        ("output tcp sport {port} tcp flags & fin == fin drop",),
        ("close.passive-fin",),
        words=FAULTY,
    ),
    Check(
        "check-no-rst",
        "a firewall drops every RST of the server",
        # Text outside the window is answered: nothing on the way drops what belongs to no connection.
        CheckOptions(only=("abort-by-us", "abort-by-peer", "synack-retransmitted", "data-outside", "fin-outside")),
        ("output tcp sport {port} tcp flags & rst == rst drop",),
        ("rstgen.abort-seq",),
        words=(*FAULTY, Verdict.WARN),  # a stray ACK that draws nothing changes no connection
    ),
    Check(
        "check-deaf-to-rst",
        "a firewall keeps every RST from the server",
        CheckOptions(only=("abort-by-us", "synack-retransmitted")),
        ("input tcp dport {port} tcp flags & (syn|rst) == rst drop",),
        ("rst.exact-resets",),
        words=FAULTY,
    ),
    Check(
        "check-lossy",
        "one segment in seven is lost: nobody may be accused",
        CheckOptions(only=("open", "close-by-*", "half-close", "abort-*")),
        tuple(f"input tcp {way} {{port}} numgen random mod 100 < 14 drop" for way in ("sport", "dport")),
        words=(Verdict.PASS, Verdict.INCONCLUSIVE),
    ),
    Check(
        "check-own-kernel-answers",
        "the guard was left off, and the tester's own kernel reset the connections: inconclusive",
        CheckOptions(only=("open", "close-by-us"), guarded=False),
        words=(Verdict.INCONCLUSIVE,),
    ),
)


def makers(peer: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Callable[[], None]]]:
    """The checks asked for, over IPv4 and IPv6, with what makes them (ValueError: a verdict is not as declared)."""
    with stage.target() as targets:
        for one in CHECKS:
            for version, target in sorted(targets.items()):
                if wanted(one.name):
                    where = target if one.where is None else replace(target, port=one.where)
                    yield f"{one.name}-v{version}", partial(_record, one, where, peer / f"{one.name}-v{version}.pcapng")


def _record(one: Check, target: Endpoint, path: Path) -> None:
    rules = tuple(rule.format(port=target.port) for rule in one.rules)
    stand = Stage(target.version, 0)
    with Recorder(path, section_comment("check", one.options.profile)) as recorder:
        if rules:
            with stand.rules(*rules):
                live = check(target, replace(one.options, recorder=recorder))
        else:
            live = check(target, replace(one.options, recorder=recorder))
    found = exchanges(path)
    broken = [rule for e in found if e.verdict == Verdict.FAIL for rule in e.findings]
    if judge_recording(str(path)).differences or [e.verdict for e in found] != [str(e.verdict) for e in live.exchanges]:
        raise ValueError(f"{path.name}: live {live.exchanges}, again {found}")
    if not {e.verdict for e in found} <= set(map(str, one.words)) or sorted(broken) != sorted(one.fails):
        raise ValueError(f"{path.name}: {found}")
    Expected(one.shows, exchanges=found).write(path)
