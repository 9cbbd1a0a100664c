"""What is printed, titles and names, holds no sign that cannot be seen, whoever typed it and wherever."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import Form

from dlonsc.accounts.forms import ProfileForm
from dlonsc.editions.forms import MemberForm, RenameTopicForm, TopicForm
from reviews.forms.subreviewing import NameForm
from submissions.forms.author import AuthorForm, CameraReadyForm, DetailsForm

PRINTED = [
    (ProfileForm, "name"),
    (DetailsForm, "title"),
    (AuthorForm, "name"),
    (CameraReadyForm, "running_head"),
    (CameraReadyForm, "licence_signer"),
    (NameForm, "name"),
    (MemberForm, "title"),
    (TopicForm, "title"),
    (RenameTopicForm, "title"),
]


@pytest.mark.parametrize(("form", "name"), PRINTED)
def test_what_cannot_be_seen_is_in_no_title_and_no_name(form: type[Form], name: str) -> None:
    field = form.base_fields[name]
    assert field.clean("Halo\u202e ex\u00adchange\t\u2066I/O ") == "Halo exchange I/O"
    with pytest.raises(ValidationError, match="at least one letter or digit"):
        field.clean("\u3164 \u0301")
