"""Words of names that mean nothing or stand for another, in the default rules: pure data."""

WORDS = {
    "intl": "international", "inter": "international", "corp": "", "co": "",
    "inc": "", "incorporated": "", "corporation": "", "company": "", "and": "", "the": "",
    "ltd": "", "limited": "", "plc": "", "llc": "", "llp": "", "lp": "", "ag": "", "sa": "",
    "nv": "", "bv": "", "gmbh": "", "se": "", "spa": "", "na": "", "adr": "",
    "mgmt": "management", "mgt": "management", "svcs": "services", "svc": "services",
    "sec": "securities", "secs": "securities", "grp": "group", "hldgs": "holdings",
    "hldg": "holdings", "holding": "holdings", "bk": "bank", "natl": "national",
    "fin": "financial", "finl": "financial", "tr": "trust", "ptnrs": "partners",
    "cap": "capital", "mkts": "markets", "mkt": "markets", "fd": "fund", "invt": "investment",
    "invs": "investments", "eur": "europe", "amer": "america", "tech": "technologies",
    "cl": "class", "com": "common", "stk": "stock", "ord": "ordinary", "shs": "shares",
}  # fmt: skip
