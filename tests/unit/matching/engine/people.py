"""A plain rule set for person records: the engine knows nothing of trades."""

_EDIT = {"compare": "text", "scorer": "edit", "unlike_at": 0.75}

PERSON_RULES = {
    "name": "People",
    "fields": [
        {"name": "soc_sec_id", "weight": 0.25, **_EDIT},
        {"name": "surname", "weight": 0.17, **_EDIT},
        {"name": "given_name", "weight": 0.13, **_EDIT},
        {"name": "date_of_birth", "weight": 0.20, **_EDIT},
        {"name": "address_1", "weight": 0.10, **_EDIT},
        {"name": "suburb", "weight": 0.06, **_EDIT},
        {"name": "postcode", "weight": 0.05, **_EDIT},
        {"name": "street_number", "weight": 0.04, **_EDIT},
        {"name": "surname_start", "columns": ["surname"], "compare": "exact", "prefix": 3},
        {"name": "given_start", "columns": ["given_name"], "compare": "exact", "prefix": 3},
        {"name": "birth_year", "columns": ["date_of_birth"], "compare": "exact", "prefix": 4},
        {"name": "address_start", "columns": ["address_1"], "compare": "exact", "prefix": 6},
    ],
    "passes": [
        {
            "name": "same number",
            "blocks": [{"equal": ["soc_sec_id"]}],
            "min_score": 0.6,
        },
        {
            "name": "alike",
            "blocks": [
                {"equal": ["date_of_birth"]},
                {"equal": ["surname", "given_name"]},
                {"equal": ["surname_start", "postcode"]},
                {"equal": ["given_start", "postcode"]},
                {"equal": ["given_start", "surname_start"]},
                {"equal": ["birth_year", "given_start"]},
                {"equal": ["birth_year", "surname_start"]},
                {"equal": ["address_start", "postcode"]},
                {"equal": ["street_number", "postcode"]},
            ],
            "window": 50,
            "min_score": 0.6,
        },
    ],
    "auto_at": 0.85,
    "review_at": 0.6,
}
