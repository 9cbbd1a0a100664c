from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "dlonsc.history"
    label = "history"
    verbose_name = "History"
