from typing import Any

from rest_framework.renderers import JSONRenderer


class CsvOrProblem(JSONRenderer):
    """Lets a caller ask for text/csv of a view that streams it; a refusal is JSON all the same."""

    media_type = "text/csv"
    format = "csv"
    charset: Any = None
