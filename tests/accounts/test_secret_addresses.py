"""Addresses that are a secret by themselves: which there are is read from the URLconf, so a new one is in it."""

import io
import logging
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from dlonsc.logged import shortened
from tests.test_access_matrix import names, reverse_keys

SECRET = "s3cret-s3cret"
# What stands in an address for a secret.
KINDS = {"token", "code", "key"}
LOGGED = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"


def secret_addresses() -> list[str]:
    """One address of each kind that carries a secret."""
    found = {name: reverse_keys(name) for name, _ in names(get_resolver().url_patterns) if "<unnamed" not in name}
    return [
        reverse(name, kwargs={key: SECRET if key in KINDS else "1" for key in keys})
        for name, keys in found.items()
        if keys & KINDS
    ]


@pytest.mark.django_db
def test_a_secret_address_is_told_to_no_other_page() -> None:
    policies = {address: Client().get(address).headers["Referrer-Policy"] for address in secret_addresses()}
    assert len(policies) >= 7
    assert policies == dict.fromkeys(policies, "strict-origin")


def test_every_secret_address_is_kept_out_of_the_proxys_log() -> None:
    rules = re.findall(r"^\s+~(\^\S+)\s+\S+;$", LOGGED.read_text(), re.M)
    assert [one for one in secret_addresses() if not any(re.match(rule, one) for rule in rules)] == []


def test_nor_is_any_in_what_it_writes_of_errors() -> None:
    (rule,) = re.findall(r"location ~ (\S+) \{\s+error_log /dev/null;", LOGGED.read_text())
    assert [one for one in secret_addresses() if not re.match(rule, one)] == []


@pytest.mark.django_db
def test_no_address_that_is_refused_brings_its_secret_into_the_sites_own_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django logs what is not found, what comes without a form's token, and a form in which a field is wrong."""
    console, log = logging.getHandlerByName("console"), io.StringIO()
    assert isinstance(console, logging.StreamHandler)
    monkeypatch.setattr(console, "stream", log)
    addresses = secret_addresses()
    for address in addresses:
        Client(enforce_csrf_checks=True).post(address)
        Client().put(address)
    kinds = set(re.findall(r"/\S+/\.\.\.", log.getvalue()))
    assert kinds == {shortened(address) for address in addresses}
    assert SECRET not in log.getvalue()
    # As some join it to the site's name.
    assert shortened(f"//invitation/{SECRET}/") == "/invitation/..."
