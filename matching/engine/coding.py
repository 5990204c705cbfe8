"""Turn frozen dataclasses into plain JSON data and back, saying where the data is wrong."""

import dataclasses
import types
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class RuleError(ValueError):
    """A rule set that cannot be used; the message says what is wrong and where."""


def encode(value: object) -> Any:
    """Return `value` as JSON data: decimals as text, tuples as lists, defaults left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], data: object, where: str) -> T:
    """
    Build the dataclass `kind` from JSON data; `where` names the place in messages.

    :raises RuleError: if a name is unknown or missing, or a value is of the wrong type.
    """
    if not isinstance(data, Mapping):
        raise RuleError(f"{where} must be an object, not {data!r}")
    called = f"{where} ({data['name']})" if "name" in data else where
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in data:
        if name not in fields:
            raise RuleError(f"{called} has no setting {name!r}; it has {', '.join(sorted(fields))}")
    for name, field in fields.items():
        if name not in data and _default(field) is dataclasses.MISSING:
            raise RuleError(f"{called} needs {name!r}")
    hints = get_type_hints(kind)
    settings = {name: _value(hints[name], item, f"{called}.{name}") for name, item in data.items()}
    try:
        return kind(**settings)
    except RuleError as problem:
        raise RuleError(f"{called}: {problem}") from problem


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _value(hint: Any, data: object, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        wanted = next(option for option in inner if option is not type(None))
        return None if data is None else _value(wanted, data, where)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise RuleError(f"{where} must be a list, not {data!r}")
        return tuple(_value(inner[0], item, f"{where}[{at}]") for at, item in enumerate(data))
    if origin is Mapping:
        if not isinstance(data, Mapping):
            raise RuleError(f"{where} must be an object, not {data!r}")
        return {str(key): _value(inner[1], item, f"{where}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(hint):
        return decode(hint, data, where) if isinstance(hint, type) else data
    return _plain(hint, data, where)


def _plain(hint: type, data: object, where: str) -> object:
    if hint is Decimal:
        return _decimal(data, where)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, hint) or (isinstance(data, bool) and hint is not bool):
        raise RuleError(f"{where} must be {hint.__name__}, not {data!r}")
    return data


def _decimal(data: object, where: str) -> Decimal:
    if isinstance(data, bool | float) or not isinstance(data, str | int | Decimal):
        raise RuleError(f"{where} must be a decimal as text, not {data!r}")
    try:
        number = Decimal(data)
    except InvalidOperation as problem:
        raise RuleError(f"{where} must be a decimal as text, not {data!r}") from problem
    if not number.is_finite():
        raise RuleError(f"{where} must be a finite decimal, not {data!r}")
    return number
