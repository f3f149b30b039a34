"""`--netns` and `--container`: the whole command runs inside another network namespace of this machine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from probe.wire.errors import WireError

if TYPE_CHECKING:
    from probe.wire.owner import Owner

_WHERE = "probe.where"
_NETNS = click.option("--netns", metavar="NAME|PID|PATH", help="Run in this network namespace, or that of a process.")
_CONTAINER = click.option(
    "--container",
    metavar="NAME|ID",
    help="Run in the network namespace of this docker or podman container; addresses are those inside it.",
)
Command = Callable[..., int]


def in_namespace(command: Command) -> Command:
    """Give a click command the two options, and run it where they say. Goes below the command's other options."""

    @functools.wraps(command)
    def there(*, netns: str | None, container: str | None, **plain: Any) -> int:  # noqa: ANN401  # options of any kind
        if netns is not None and container is not None:
            raise click.UsageError("--netns and --container name two places: give one of them")
        if netns is None and container is None:
            return command(**plain)
        if "targets" in plain and not plain["targets"] and not plain.get("hosts"):
            # Without target a check would make a namespace of its own for the lab, and judge that instead.
            option = "--netns" if container is None else "--container"
            raise click.UsageError(f"{option} needs a TARGET, an address as seen inside, such as 127.0.0.1:80")
        if netns == "" or container == "":
            raise click.UsageError("--netns and --container take a name or a number, not an empty text")
        from probe.wire.namespace import inside
        from probe.wire.owner import Owner, container_process

        owner: Owner | None = None
        if container is not None:
            owner = Owner(container_process(container), f"container {container}")
        elif netns is not None and netns.isascii() and netns.isdecimal():
            owner = Owner(int(netns), f"process {netns}")
        with inside(owner.process if owner is not None else netns or ""):
            if owner is not None:
                if not owner.since:
                    raise WireError(f"{owner.what} has ended: start it again")
                click.get_current_context().meta[_WHERE] = owner
            return command(**plain)

    return _NETNS(_CONTAINER(there))


def watch() -> Owner | None:
    """The process whose namespace the command runs in: called, it raises WireError once that is gone. None without."""
    context = click.get_current_context(silent=True)
    found: Owner | None = context.meta.get(_WHERE) if context is not None else None
    return found
