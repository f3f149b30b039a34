"""What can be played and judged, in words: what `probe list` and `probe explain` print.

It reads the scenarios and the catalogue of rules and adds nothing to them, so that no list can go stale.

- ``coverage``: what shows a rule (exchanges, cells of the matrix, or why nothing does), and what an exchange or a case
  of TC8 needs of the peer.
- ``lists``: the tables of `probe list`, and all of them as JSON.
- ``dialogue``: the steps of an exchange, a line each.
- ``sheets``: one id as labelled paragraphs, for `probe explain`.

What an exchange does, and which exchanges show a rule:

    from probe.cli.catalogue.coverage import shown_by
    from probe.cli.catalogue.dialogue import dialogue
    from probe.scenarios import ALL

    print(*dialogue(ALL["close-by-us"]), sep="\n")
    print(shown_by()["close.fin-acked"])

The commands themselves (``probe.cli.commands``) import this package when they run, as rules take a while to load.
"""
