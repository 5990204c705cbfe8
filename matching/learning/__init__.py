"""
Learning how telling each field is, from pairs of rows: pure, columns in and columns out.

`vectors` compares pairs field by field, `mixture` tells matches from the rest without being told
any (expectation-maximisation), `decided` learns from pairs people decided on, `weights` turns
what either found into weights and thresholds a rule set can have.
"""
