"""The commands: one file each, its options and their meaning together; what happens then is in ``probe.cli.run``.

A file here loads fast, as `probe COMMAND --help` and mistakes on the command line should cost nothing: at its top it
imports click, ``probe.cli.options`` and enums. Scapy, NumPy and the engine come with the imports inside ``command``.

- ``check``, ``matrix``: TARGETs, and what they are asked.
- ``path``: one TARGET, and what stands before it.
- ``soak``: one TARGET, without pause, until it is enough.
- ``listen``: the port where we play the server.
- ``replay``: files, filters and what to show of them; ``--live`` plays one connection again.
- ``target``: our own listener.
- ``list``, ``explain``: the catalogue.
- ``doctor``: what works on this machine.

Each has one function, ``command``, which returns the exit code. A new command is a file here and a line in
``probe.cli.COMMANDS`` (name and help):

    @click.command("check")
    @click.argument("targets", nargs=-1)
    @common.line
    def command(targets: tuple[str, ...], **plain: Any) -> int:
        from probe.cli.run import check

        return check.check(Request(given(targets), (), CheckOptions(**plain)), Display(Reporting()))
"""
