from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "submissions"
    label = "submissions"
    verbose_name = "Submissions"

    def ready(self) -> None:
        # Models exist only now, so these cannot be imported at the top.
        from dlonsc.mail.guards import register  # noqa: PLC0415
        from submissions.emails import CHASE, item_is_missing  # noqa: PLC0415
        from submissions.guards import TO_AUTHORS, TO_CHAIRS, holds_for_author, still_overseen  # noqa: PLC0415

        register(CHASE, item_is_missing)
        for kind in TO_CHAIRS:
            register(kind, still_overseen)
        for kind in TO_AUTHORS:
            register(kind, holds_for_author)
