"""What a chair sends from her pages about an edition."""

from dlonsc.editions.forms import DeadlineForm


def confirmed(date: dict[str, str]) -> dict[str, str]:
    """The fields of a valid date with the press of the button under its preview."""
    form = DeadlineForm(date)
    assert form.is_valid()
    return date | {"confirm": form.fingerprint}
