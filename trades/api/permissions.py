from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Needs(BasePermission):
    """
    Let a caller in who holds the model permission the view names for the method.

    A view says ``needs = {"GET": "trades.view_trade"}``. One that names none for a method it
    answers lets nobody in.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        method = "GET" if request.method == "HEAD" else request.method
        if method not in view.allowed_methods:
            return True  # the view answers 405, which helps more than 403
        needed: str = getattr(view, "needs", {}).get(method, "")
        self.message = (
            f"This needs the permission {needed}, which {request.user} does not have; ask an "
            "administrator for a group that has it."
        )
        return needed != "" and request.user.has_perm(needed)
