from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dlonsc.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from allauth.account.signals import (  # noqa: PLC0415 - models are loaded now
            email_confirmed,
            email_removed,
            password_reset,
            user_signed_up,
        )
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415

        from dlonsc.accounts.first_proof import mark_choice, mark_sign_up, release, take_over  # noqa: PLC0415
        from dlonsc.accounts.models import addresses_beside  # noqa: PLC0415
        from dlonsc.accounts.second_factor import offer_way_back  # noqa: PLC0415
        from dlonsc.accounts.wishes import keep_what_was_left  # noqa: PLC0415
        from dlonsc.mail import leaving  # noqa: PLC0415

        authenticator_added.connect(offer_way_back, dispatch_uid="way_back")
        user_signed_up.connect(mark_sign_up, dispatch_uid="sign_up")
        password_reset.connect(mark_choice, dispatch_uid="reset")
        email_confirmed.connect(take_over, dispatch_uid="first_proof")
        email_confirmed.connect(release, dispatch_uid="release")
        email_removed.connect(keep_what_was_left, dispatch_uid="left_reminders")
        leaving.register(addresses_beside)
