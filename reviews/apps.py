from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    label = "reviews"
    verbose_name = "Reviews"

    def ready(self) -> None:
        # Models exist only now, so these cannot be imported at the top.
        from dlonsc.mail.guards import register  # noqa: PLC0415
        from reviews.concerned import register as answer_editions  # noqa: PLC0415
        from reviews.emails.subreviewing import TO_REVIEWER  # noqa: PLC0415
        from reviews.guards import (  # noqa: PLC0415
            announcement_is_still_held,
            changes_may_be_told,
            conflict_still_stands,
            decision_stands,
            is_asked_no_more,
            is_still_invited,
            may_read_the_discussion,
            review_is_open,
            sample_is_still_hers,
            still_asks_a_chair,
            still_in_audience,
            task_is_still_hers,
        )
        from reviews.reminders import register_guards  # noqa: PLC0415

        answer_editions()
        register("decision", decision_stands)
        register("assigned", changes_may_be_told)
        register("unassigned", changes_may_be_told)
        register("chair_reminder", review_is_open)
        for kind in ("decision_test", "mailing_test", "mailing_tasks_test"):
            register(kind, sample_is_still_hers)
        register("mailing", still_in_audience)
        register("mailing_tasks", still_in_audience)
        register("discussion_opened", may_read_the_discussion)
        register("discussion_news", may_read_the_discussion)
        register("late_conflict", conflict_still_stands)
        register("review_after_letters", announcement_is_still_held)
        register("sub_reviewer_named", still_asks_a_chair)
        register("sub_reviewer_invitation", is_still_invited)
        register("sub_reviewer_ended", is_asked_no_more)
        for kind in TO_REVIEWER:
            register(kind, task_is_still_hers)
        register_guards()
