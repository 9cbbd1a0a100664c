from django.apps import AppConfig


class EditionsConfig(AppConfig):
    name = "dlonsc.editions"
    label = "editions"
    verbose_name = "Editions"

    def ready(self) -> None:
        # Models exist only now, so these cannot be imported at the top.
        from allauth.account.signals import email_confirmed, user_logged_in  # noqa: PLC0415

        from dlonsc.accounts import passwords  # noqa: PLC0415
        from dlonsc.editions.claiming import claim_at_proof, claim_at_sign_in  # noqa: PLC0415
        from dlonsc.editions.guards import (  # noqa: PLC0415
            TO_CHAIRS,
            date_still_holds,
            still_a_chair,
            still_accepted,
            still_asked,
            still_unclaimed,
        )
        from dlonsc.editions.passwords import words_for_passwords  # noqa: PLC0415
        from dlonsc.mail.guards import register  # noqa: PLC0415

        register("date_changed", date_still_holds)
        register("invitation", still_asked)
        register("invitation_reminder", still_asked)
        register("sign_in_reminder", still_unclaimed)
        register("thanks", still_accepted)
        for kind in TO_CHAIRS:
            register(kind, still_a_chair)
        passwords.register(words_for_passwords)
        user_logged_in.connect(claim_at_sign_in, dispatch_uid="claim_at_sign_in")
        email_confirmed.connect(claim_at_proof, dispatch_uid="claim_at_proof")
