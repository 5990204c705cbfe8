from typing import Any

from drf_spectacular.openapi import AutoSchema


class ApiSchema(AutoSchema):
    """Describe a view by what it declares: `input_class` and `header_parameters` of its writes."""

    def _writes(self) -> bool:
        return self.method in ("POST", "DELETE")

    def get_request_serializer(self) -> Any:
        declared = getattr(self.view, "input_class", None)
        return declared if self._writes() and declared else super().get_request_serializer()

    def get_override_parameters(self) -> list[Any]:
        declared = getattr(self.view, "header_parameters", ()) if self._writes() else ()
        return [*super().get_override_parameters(), *declared]
