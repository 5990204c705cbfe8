from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from recon_project.landing import overview_part, overview_print
from recon_project.monitoring.views import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/overview/live/", overview_part, name="overview-part"),
    path("admin/overview/print/", admin.site.admin_view(overview_print), name="overview-print"),
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
    path("api/", include("recon_project.api.urls")),
]

# Outside the API these are Django's own pages.
handler400 = "recon_project.api.problems.bad_request"
handler403 = "recon_project.api.problems.permission_denied"
handler404 = "recon_project.api.problems.page_not_found"
handler500 = "recon_project.api.problems.server_error"
