"""Words of the editions that make a password easy to guess (dlonsc.accounts.passwords asks)."""

from collections.abc import Iterator

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, MembershipAffiliation


def words_for_passwords(user: User | None) -> Iterator[str]:
    """Names of the published editions, and the institutions that a committee prints beside the person's name."""
    # An unpublished one must not show by which password is refused.
    for words in Edition.objects.filter(is_public=True).values_list("slug", "name", "host"):
        yield from words
    if user is not None and user.pk:
        homes = MembershipAffiliation.objects.filter(membership__user=user)
        yield from homes.values_list("institution", flat=True)
