"""Every kind of segment in every state: how a peer gets there, what it is sent there, and how it is asked what it did.

No cell is written by hand: the positions, what is due and the question that follows come from the oracle, which is
asked about a model of the peer's block (``probe.spec.models``). The verdict is the ordinary judge's, on the peer's own
numbers.

In reading order:

- ``approaches``  the ways into each state, and the model's block there
- ``cells``       the stimuli: each kind of segment at each position that the oracle tells apart; and the question after
  it, the segment that tells which state the peer is in
- ``attempt``     one cell played and judged: what belongs to the way, and what to the stimulus

The cells of one place of the matrix::

    from probe.engine.play.matrix.approaches import APPROACHES
    from probe.engine.play.matrix.cells import cells

    listen = next(way for way in APPROACHES if way.id == "listen")
    for cell in cells(listen, "SYN"):
        print(cell.id, cell.rule)  # listen:SYN:any:none open.listen-syn-synack
"""
