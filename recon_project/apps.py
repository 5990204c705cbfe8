from django.apps import AppConfig


class ReconProjectConfig(AppConfig):
    name = "recon_project"

    def ready(self) -> None:
        """
        Keep Excel out of tablib, before the admin loads django-import-export.

        That asks each format whether it can be written; Excel's answer is to load openpyxl, and
        numpy with it, for which every command and page would wait. Nobody here asks tablib for it.
        """
        from tablib.formats import registry

        registry._formats.pop("xlsx", None)  # noqa: SLF001  it has no way to forget one
