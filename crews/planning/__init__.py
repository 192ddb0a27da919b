"""Which crews could form of those who look for one: an engine of pure functions.

`plan` is the way in. It never imports Django, and never numpy or scipy either: those run in a child
process that exits.
"""
