"""The page that Prometheus reads: for its token, or for whoever may see the workers."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from recon_project.monitoring.collector import DeskCollector

NEEDED = "recon_project.view_workerpulse"
REFUSED = (
    "Send the header Authorization: Bearer ... with the METRICS_TOKEN of the desk's environment, "
    "or Authorization: Token ... with an API token of somebody who may see the workers.\n"
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every metric in Prometheus's text format; 403 to whoever may not see them."""
    if not _may(request):
        return HttpResponse(REFUSED, status=403, content_type="text/plain; charset=utf-8")
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(DeskCollector())
    answer = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    answer["Cache-Control"] = "no-store"
    return answer


def _may(request: HttpRequest) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        known = settings.METRICS_TOKEN
        return bool(known) and constant_time_compare(given.strip(), known)
    if kind:
        try:
            found = TokenAuthentication().authenticate(request)
        except AuthenticationFailed:
            return False
        return found is not None and found[0].has_perm(NEEDED)
    return request.user.is_authenticated and request.user.has_perm(NEEDED)
