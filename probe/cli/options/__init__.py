"""What users write, to values that make sense: options that commands share, targets, files of hosts and deviations.

What is wrong is refused here, before anything runs, in one sentence that names the slip and the mend: as a usage error
of click on the command line, as a TargetError in files and in what has to be looked up. Both give exit code 2.

- ``common``: options of several commands, numbers, ports, and ids with * and ? and their nearest neighbours.
- ``targets``: TARGET to endpoints, ports by number or service.
- ``reporting``: where results go and what fails a run.
- ``namespaces``: ``--netns`` and ``--container``, which move the whole command.
- ``filters``: ``--filter`` and ``--show`` of `probe replay`.
- ``files``: reads TOML and JSON strictly, for ``hosts`` (a lab) and ``expectations`` (deviations that are no news).

A target may have an address of either version; a check judges each:

    from probe.cli.options.targets import resolve

    for peer in resolve("localhost:http"):
        print(peer.endpoint, peer.interface or "by the routes")
"""
