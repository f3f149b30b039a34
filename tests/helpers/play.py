"""Plays scenarios the way a session does: attempt after attempt until the jury has heard enough, then its verdict."""

from __future__ import annotations

import random
from collections.abc import Callable

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.jury import heard_enough, settle
from probe.engine.path.loss import measured
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET, Trigger, missing
from tests.helpers.dialogue import Dialogue, Loses
from tests.helpers.peer import Peer, closed_port

Makes = Callable[[], Peer]
CLEAN = Path(Loss(asked=3000), (Suspicion(Suspect.COOKIES, Standing.REFUSED),))
"""A path that lost none of 3,000 controls, before a listener that keeps state."""


def kept(to_peer: bool, count: int) -> bool:
    """A line that loses nothing."""
    return False


def losing(share: float, seed: int) -> Loses:
    """A line that loses this share of the segments in either direction, the same ones for the same seed."""
    chance = random.Random(seed)
    return lambda to_peer, count: chance.random() < share


def peer_for(scenario: Scenario) -> Peer:
    """A conforming peer on the kind of port the scenario asks for."""
    return closed_port() if scenario.port == "closed" else Peer()


def attempts(
    scenario: Scenario,
    make: Makes,
    *,
    trigger: Trigger = TARGET,
    profile: str = "rfc9293",
    iss: int = 0xFFFFFFFD,
    loses: Loses = kept,
    path: Path | None = CLEAN,
) -> list[Opinion]:
    """The opinions of as many attempts as the jury asks for; without a ``path`` it is measured from these alone."""
    heard: list[Opinion] = []
    while not heard_enough(heard, path):
        talk = Dialogue(scenario, make(), trigger, profile, iss + len(heard), loses)
        talk.run()
        heard.append(talk.opinion())
    return heard


def verdict(scenario_id: str, make: Makes | None = None, *, profile: str = "rfc9293") -> Opinion:
    """What the jury says of a peer on a line that loses nothing."""
    scenario = scenarios.ALL[scenario_id]
    return settle(attempts(scenario, make or (lambda: peer_for(scenario)), profile=profile), CLEAN)


def whole_run(make: Callable[[Scenario], Peer], loses: Loses = kept, trigger: Trigger = TARGET) -> dict[str, Opinion]:
    """Every exchange the trigger can serve, judged together as one run of ``probe check`` does."""
    heard = {
        s.id: attempts(s, lambda s=s: make(s), trigger=trigger, loses=loses, path=None)  # type: ignore[misc]
        for s in scenarios.ALL.values()
        if not missing(trigger, s.commands)
    }
    loss = measured([o.controls for o in opinions] for opinions in heard.values())
    return {name: settle(opinions, Path(loss, CLEAN.suspicions)) for name, opinions in heard.items()}
