"""What is typed into a discussion."""

from typing import Any

from django import forms

from reviews.actions.discussing import LONGEST


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Your comment",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Markdown and formulas work. @Reviewer 2 or @chairs asks somebody: she gets a letter at once. "
        "What is sent stays; write another to correct it.",
        error_messages={"required": "Write something first."},
    )


class ChairCommentForm(CommentForm):
    is_question = forms.BooleanField(
        label="This is a question to all reviewers", required=False, help_text="It is marked, and each gets a letter."
    )


class NoteForm(forms.Form):
    """What a reviewer says to a score that she changes."""

    note = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text="Shown in the discussion, with the old and the new score.",
    )

    def __init__(self, *args: Any, score_before: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = f"Why the score changes from {score_before}"
