"""Whatever fails, everybody comes right again: a checker that stands outside the server.

People write, change, react and read in several rooms while parts of the product are killed,
paused, filled up and cut off (``faults``, on each of ``topologies``). Every frame that any of
their programs is sent, and everything that they asked for, goes into a ``history``; ``model``
says what must be so of a history, and knows nothing of how it came to be.

A ``campaign`` is one run with a seed. CI runs a short one on each topology (``test_chaos``),
``make chaos`` one after another for an hour.
"""
