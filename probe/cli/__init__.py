"""The command line: arguments in, a report and an exit code out.

What a call of `probe` passes through, in reading order:

- this file: the commands by name, and what becomes of errors nobody else wanted. A command's module is imported only
  when that command runs.
- ``commands``: one file a command, its options.
- ``options``: what users write, checked.
- ``run``: what a command does: open the files, play or read, keep every result, publish; the exit code.
- ``output``: the terminal, files and streams that results go to.
- ``catalogue``: what `probe list` and `probe explain` print.

The layers below judge; nothing here decides a verdict. Exit codes and their weights are in
``probe.results.exit_codes``. The way a test or a program calls it:

    from probe.cli import main

    main(["check", "--only", "close-*", "127.0.0.1:80"])  # leaves with SystemExit, its code the exit code
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from probe import __version__
from probe.results.exit_codes import ExitCode
from probe.wire.errors import TargetError, WireError

COMMANDS = {
    "check": "Judge the open and close of a live peer; without TARGET, of this machine's kernel.",
    "listen": "Judge the client that connects to a port of ours, whatever it is.",
    "matrix": "Judge what a live peer makes of every segment in every state.",
    "soak": "Open and close connections to a live peer for hours, each judged.",
    "path": "Show what stands between us and a peer: filters, translation, loss, SYN cookies.",
    "replay": "Judge every TCP connection in captures, or a recorded check again.",
    "target": "Run a listener whose application does what the tester asks.",
    "list": "List the exchanges, or every rule with --rules.",
    "explain": "Explain an exchange, a rule or a row of SEGMENT ARRIVES.",
    "doctor": "Show what works on this machine, what is missing and how to mend it.",
}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_EPILOG = """\b
Exit codes:
  0    everything judged conforms
  1    a MUST is violated
  2    wrong usage, or a target that cannot be found
  3    inconclusive: no answer, our own kernel answered, evidence incomplete
  4    environment: missing capability, unwritable file, no such interface
  130  interrupted; what is done is still reported
"""


class _LazyGroup(click.Group):
    """Knows its commands by name and one-line help; imports one when it is invoked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"probe.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from probe.cli.options.common import nearest, unknown

            known = f"there are {', '.join(COMMANDS)}."
            raise click.UsageError(unknown("command", name, nearest(name, COMMANDS, 1), known), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", prog_name="probe")
def probe() -> None:
    """Ask whether a TCP peer opens and closes connections as RFC 9293 says."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code; ``arguments`` default to those of the process."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before we began (`>&-`): nobody reads it then
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # open to the end
    try:
        code = _run(arguments)
    except Exception as error:  # noqa: BLE001  # Python would leave with 1, which says that the peer violates a MUST
        code = ExitCode.ENVIRONMENT
        with suppress(OSError):
            click.echo(f"probe: {_sentence(error)}", err=True)
    sys.exit(code)


def _sentence(error: Exception) -> str:
    """What is told of an error that no command wanted; a traceback goes before a fault of our own."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        # Files have their own words (``probe.cli.output.sinks``): what is left is standard output, or standard error.
        from probe.cli.output.terminal import nobody_reads, unwritable

        nobody_reads()
        return unwritable(error)
    if isinstance(error, ImportError):
        cause: BaseException = error  # NumPy explains at length; what it was caused by is the sentence
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = (str(cause).splitlines() or ["no reason given"])[0]
        return f"a package that probe needs cannot be loaded ({reason}): install what is missing"
    import traceback

    traceback.print_exception(error)
    return "this is a fault of probe itself, not of the peer: report it with the lines above"


def _run(arguments: Sequence[str] | None) -> int:
    try:
        done = probe.main(args=arguments, prog_name="probe", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("probe: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        from probe.cli.output.terminal import nobody_reads

        nobody_reads()
        return 0
    except (TargetError, WireError) as error:
        from probe.cli.output import github

        click.echo(f"probe: {error}", err=True)
        github.trouble(str(error))
        return ExitCode.USAGE if isinstance(error, TargetError) else ExitCode.ENVIRONMENT
    return done if isinstance(done, int) else 0
