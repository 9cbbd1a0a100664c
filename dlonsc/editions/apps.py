from django.apps import AppConfig


class EditionsConfig(AppConfig):
    name = "dlonsc.editions"
    label = "editions"
    verbose_name = "Editions"

    def ready(self) -> None:
        # Models exist only now, so these cannot be imported at the top.
        from dlonsc.accounts import passwords  # noqa: PLC0415
        from dlonsc.editions.guards import still_asked  # noqa: PLC0415
        from dlonsc.editions.passwords import words_for_passwords  # noqa: PLC0415
        from dlonsc.mail.guards import register  # noqa: PLC0415

        register("invitation", still_asked)
        register("invitation_reminder", still_asked)
        passwords.register(words_for_passwords)
