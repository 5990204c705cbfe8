"""What a page is called: as the navigation calls it, not as its table."""

from functools import cache
from typing import Any

from django import template

register = template.Library()


@register.filter
def called(title: Any, link: Any) -> Any:
    """Return the navigation's word for the list at `link`, else the title it has."""
    return _names().get(str(link), title)


@cache
def _names() -> dict[str, str]:
    from recon_project.admin_face import UNFOLD

    groups = UNFOLD["SIDEBAR"]["navigation"]
    return {str(page["link"]): page["title"] for group in groups for page in group["items"]}
