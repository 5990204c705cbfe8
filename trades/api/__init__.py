"""
The HTTP API of trades, and what every app's API is built on.

The shared parts live here because every app may import trades: `problems` (refusals), `base`
(who may call), `lists` (pages, filters, order), `serializing` (strict input, exact output) and
`preconditions` (If-Match).
"""
