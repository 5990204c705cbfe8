"""
What would put a break right: pure modules, one an action, that look at a break with its trades.

Each has ``draft(case, known) -> Draft | None`` and reads nothing but what it is given.
"""
