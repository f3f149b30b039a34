"""`make fuzz`: every campaign in turn, what it finds as it finds it, a summary, and exit code 1 if there was any."""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.campaign import Campaign, campaigns
from tests.fuzz.run import Outcome, run
from tests.fuzz.worker import Found, failure

FOUND = Path(__file__).parent / "found"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing found; 1: something found, saved and printed; 130: interrupted, and nothing found."""
    known = campaigns()
    given = _parser(known).parse_args(arguments)
    if given.repeat:
        return _repeat(known, given.repeat)
    seed = random.SystemRandom().getrandbits(40) if given.seed is None else given.seed
    print(f"seed {seed}: again with --seed {seed}")
    outcomes: list[Outcome] = []
    interrupted = False
    try:
        for campaign in known:
            if not given.only or campaign.name in given.only:
                print(f"{campaign.name}: {campaign.title} ...", flush=True)
                outcomes.append(run(campaign, seed, given.seconds, given.workers, _report))
    except KeyboardInterrupt as stop:
        interrupted = True
        outcomes += [outcome for outcome in stop.args if isinstance(outcome, Outcome)]
    return _summary(outcomes, interrupted=interrupted)


def _parser(known: Sequence[Campaign]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Looks for inputs that break probe.")
    names = [campaign.name for campaign in known]
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="for each campaign (60)")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--workers", type=int, default=cores, metavar="N", help=f"processes ({cores}, the cores)")
    parser.add_argument("--seed", type=int, help="where the cases start; chosen and printed unless given")
    parser.add_argument(
        "--repeat", metavar="NAME:CASE", help="one case again, in this process, under a debugger or not"
    )
    return parser


def _repeat(known: Sequence[Campaign], what: str) -> int:
    name, _, case = what.partition(":")
    campaign = next((campaign for campaign in known if campaign.name == name), None)
    if campaign is None or not case.isdecimal():
        print(f"fuzz: {what!r} names no case; write one as captures:123", file=sys.stderr)
        return 2
    found = failure(campaign, int(case))
    print(found.story if found else "nothing is wrong with it")
    return 1 if found else 0


def _report(found: Found) -> None:
    """Save and show a failure at once, so that nothing is lost however the run ends."""
    again = f"python -m tests.fuzz --repeat {found.campaign}:{found.seed}"
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{found.campaign}-{hashlib.sha256(found.where.encode()).hexdigest()[:8]}.txt"
    path.write_text(f"{found.where}\nagain: {again}\n\n{found.story}", encoding="utf-8")
    capture = next(campaign.capture for campaign in campaigns() if campaign.name == found.campaign)
    if capture is not None:
        path.with_suffix(".capture").write_bytes(capture(random.Random(found.seed)))
    print(f"  FOUND {found.where}\n    again: {again}\n    saved: {os.path.relpath(path)}")


def _summary(outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    for outcome in outcomes:
        kinds = len(outcome.found)
        word = "nothing found" if not kinds else f"{kinds} kind{'s' if kinds > 1 else ''} of failure found"
        print(f"{outcome.campaign.name:<16} {outcome.cases:>9,} cases: {word}")
    if interrupted:
        print("interrupted")
    if any(outcome.found for outcome in outcomes):
        return 1
    return 130 if interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
