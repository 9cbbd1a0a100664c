from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "submissions"
    label = "submissions"
    verbose_name = "Submissions"

    def ready(self) -> None:
        # Models exist only now, so these cannot be imported at the top.
        from dlonsc.mail.guards import register  # noqa: PLC0415
        from submissions.emails import CHASE, item_is_missing  # noqa: PLC0415
        from submissions.guards import (  # noqa: PLC0415
            OF_A_STATE,
            TO_CHAIRS,
            still_an_author,
            still_in_state,
            still_overseen,
        )

        register(CHASE, item_is_missing)
        register("answer", still_an_author)
        for kind in TO_CHAIRS:
            register(kind, still_overseen)
        for kind in OF_A_STATE:
            register(kind, still_in_state)
