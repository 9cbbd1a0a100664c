from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "dlonsc.mail"
    label = "mail"
    verbose_name = "Mail"

    def ready(self) -> None:
        # Models exist only now, so this cannot be imported at the top.
        from dlonsc.mail.digest import register  # noqa: PLC0415

        register()
