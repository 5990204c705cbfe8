from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Reporting"

    def ready(self) -> None:
        """Tell the apps below what of this one they keep, and what goes with its notices."""
        from breaks.append_only import protect

        protect("reporting_signoffevent", ("sign_off_id", "sequence"))
