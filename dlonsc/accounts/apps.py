from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dlonsc.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - models are loaded only now

        from dlonsc.accounts.second_factor import offer_way_back  # noqa: PLC0415

        authenticator_added.connect(offer_way_back, dispatch_uid="way_back")
