from django.apps import AppConfig


class BreaksConfig(AppConfig):
    name = "breaks"
    verbose_name = "Breaks"
