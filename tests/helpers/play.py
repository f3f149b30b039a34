"""Plays scenarios the way a session does: attempt after attempt until the jury has heard enough, then its verdict."""

from __future__ import annotations

import random
from collections.abc import Callable

from probe import scenarios
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.jury import heard_enough, is_noise, settle
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET, Trigger, missing
from tests.helpers.dialogue import Dialogue, Loses
from tests.helpers.peer import Peer, closed_port

Makes = Callable[[], Peer]


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
) -> list[Opinion]:
    """The opinions of as many attempts as the jury asks for."""
    heard: list[Opinion] = []
    while not heard_enough(heard):
        talk = Dialogue(scenario, make(), trigger, profile, iss + len(heard), loses)
        talk.run()
        heard.append(talk.opinion())
    return heard


def verdict(scenario_id: str, make: Makes | None = None, *, profile: str = "rfc9293") -> Opinion:
    """What the jury says of a peer on a line that loses nothing."""
    scenario = scenarios.ALL[scenario_id]
    return settle(attempts(scenario, make or (lambda: peer_for(scenario)), profile=profile), clean=True)


def whole_run(make: Callable[[Scenario], Peer], loses: Loses = kept, trigger: Trigger = TARGET) -> dict[str, Opinion]:
    """Every exchange the trigger can serve, judged together as one run of ``probe check`` does."""
    heard = {
        s.id: attempts(s, lambda s=s: make(s), trigger=trigger, loses=loses)  # type: ignore[misc]
        for s in scenarios.ALL.values()
        if not missing(trigger, s.commands)
    }
    clean = not any(is_noise(opinions) for opinions in heard.values())
    return {name: settle(opinions, clean=clean) for name, opinions in heard.items()}
