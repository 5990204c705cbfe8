from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser


class Json(JSONParser):
    """JSON whose nesting a caller cannot make an error of ours."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as problem:
            raise ParseError("JSON parse error - it is nested too deeply.") from problem


class Csv(BaseParser):
    """A body of CSV as the bytes it is; as much of it as a reader may want to see, and no more."""

    media_type = "text/csv"
    most = 64 * 1024 * 1024

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        content: Any = stream.read(self.most + 1)
        if len(content) > self.most:
            raise ParseError(f"At most {self.most:,} bytes are taken; split the file.")
        return content
