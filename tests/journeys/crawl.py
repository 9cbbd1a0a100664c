"""A browser goes through all pages of a world: which pages there are, and what of a typed text came alive on one."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from playwright.sync_api import Page

from dlonsc.accounts.models import User
from tests.access_policy import EVERYBODY, POLICY
from tests.test_access_matrix import HANDLER, names
from tests.worlds import World, addresses

# Who opens the pages of which row of the access table. A page is looked at once, with the first who may.
AUDIENCES = {
    "visitor": "everybody",
    "hidden author": "author",
    "rita": "reviewer",
    "proceedings chair": "proceedings chair",
    "chair": "chair",
}
# The prefixes of allauth's own pages; those of GitHub, Google and ORCID are redirects, where they are set up at all.
OF_ACCOUNTS = ("account_", "mfa_", "usersessions_")
# Every payload says this word where it is shown, and names this address where it would be asked for.
WORD, PLACE = "planted", "/planted"
# Our own pages have no event handler, no hx-* attribute and no script within the page: each that is there was typed.
LOOK = """([word, place]) => {
    const found = [];
    const links = new Set(["href", "src", "action", "formaction", "data", "xlink:href"]);
    for (const one of document.querySelectorAll("*")) {
        if (one.matches("script:not([src^='/static/'], [type='application/json']), img[src=x], base, object, embed")) {
            found.push(one.outerHTML);
        }
        for (const { name, value } of one.attributes) {
            if (/^(on|hx-|data-hx-|srcdoc$)/.test(name)) found.push(`${name}=${value}`);
            if (links.has(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value)) found.push(`${name}=${value}`);
            if (name !== "value" && value.startsWith(place)) found.push(`${name}=${value}`);
        }
    }
    if (document.body.textContent.includes(`49${word}`)) found.push("a template was filled");
    return [document.body.textContent.includes(word), found];
}"""


def rows_of(audience: str) -> list[str]:
    """The addresses that are looked at with this audience: those that nobody before it in AUDIENCES may open."""
    order = list(AUDIENCES.values())

    def first(name: str) -> str:
        may = POLICY.get(name, EVERYBODY)
        return next((one for one in order if one in may), "")

    return [name for name in POLICY if first(name) == audience]


def account_addresses() -> Iterator[str]:
    """The pages of sign-in, addresses, second factor and sessions that need no argument; leaving is none of them."""
    for name, _ in names(get_resolver().url_patterns):
        if name.startswith(OF_ACCOUNTS) and name != "account_logout":
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue


def signed_in(person: User | None) -> Client:
    client = Client()
    client.handler = HANDLER
    if person is not None:
        client.force_login(person)
    return client


def pages_of(client: Client, candidates: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those addresses that are pages for somebody, with their template.

    A file would be saved by the browser, and what is refused is everywhere the same page.
    """
    for address in candidates:
        answer = client.get(address)
        if answer.status_code == 200 and answer.templates and "html" in answer.headers["Content-Type"]:
            yield address, str(answer.templates[0].name)


def one_of_each(world: World, step: int = 1) -> dict[str, list[str]]:
    """One page of every template (or of every `step`th address), with the person who looks at it."""
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    for name, audience in AUDIENCES.items():
        client, found[name] = signed_in(world.people.get(name)), []
        # Of the papers the last one first: it holds everything.
        choices = [[*addresses(world, [row])][::-1] for row in rows_of(audience)]
        choices += [[address] for address in account_addresses() if name in {"visitor", "hidden author"}]
        for candidates in choices[::step]:
            plain = (address for address in candidates if "?" not in address)
            for address, template in islice(pages_of(client, plain), 1):
                if template not in seen:
                    seen.add(template)
                    found[name].append(address)
    return found


def visit(page: Page, address: str) -> tuple[bool, list[str]]:
    """Open a page; gives whether it shows a payload and what of it came alive."""
    answer = page.goto(address)
    assert answer is not None
    assert (address, answer.status) == (address, 200)
    return page.evaluate(LOOK, [WORD, PLACE])
