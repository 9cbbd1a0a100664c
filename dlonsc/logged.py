"""What the log may say of an address: nothing of one that is a secret by itself. Read before there are any apps."""

import logging
import re

# Whoever holds one of these addresses may act or read; deploy/nginx.conf keeps the same ones out of its log.
SECRET = re.compile(
    r"^/+(invitation|verify|certificate|unsubscribe|me/dates|accounts/password/reset/key|accounts/confirm-email)/."
)


class WithoutSecrets(logging.Filter):
    """Django logs the address of each request that it refuses, of a form with a field that is wrong, too."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(shortened(one) if isinstance(one, str) else one for one in record.args)
        return True


def shortened(words: str) -> str:
    """The words, or of a secret address only of what kind it is."""
    found = SECRET.match(words)
    return f"/{found[1]}/..." if found else words
