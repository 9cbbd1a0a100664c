"""What leaves: headers that no text can break, and nothing that tells who a reviewer is."""

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.mail.envelope import compose, envelope, message_id, printable, return_path, thread_id
from dlonsc.mail.models import Message
from tests.factories import AT

TEXT = st.text(max_size=80)
HEADERS = {
    "From", "To", "Subject", "Date", "Reply-To", "Message-ID", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}  # fmt: skip


def letter(**fields: object) -> Message:
    defaults: dict[str, object] = {
        "key": "decision:1:person",
        "to_email": "person@uni.example",
        "to_name": "Zoë Ångström",
        "subject": "Über uns",
        "text": "Grüße\n.\nFrom here\n",
        "html": "<p>Grüße</p>",
        "created_at": AT,
        "headers": {
            "Message-ID": message_id("decision:1:person"),
            "References": thread_id("dlonsc-2026.17"),
            "Reply-To": "chairs@workshop.example",
            "From-Name": "DLonSC 2026 – chairs",
        },
    }
    return Message(**(defaults | fields))


def test_a_letter_is_complete_and_seven_bit() -> None:
    data = envelope(letter()).data
    mail = message_from_bytes(data, policy=default)
    assert data.isascii()
    assert set(mail.keys()) == HEADERS
    assert str(mail["From"]) == "DLonSC 2026 – chairs <dlonsc@workshop.example>"
    assert str(mail["To"]) == "Zoë Ångström <person@uni.example>"
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Über uns", "auto-generated")
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert body.get_content().splitlines() == ["Grüße", ".", "From here"]
    assert html.get_content().splitlines() == ["<p>Grüße</p>"]


def test_the_return_path_is_our_address_with_the_letters_token() -> None:
    message = letter()
    assert return_path(message) == f"dlonsc+{message.return_token}@workshop.example"
    assert message.return_token.islower() or message.return_token.isdecimal()


def test_only_letters_that_can_be_left_carry_the_button() -> None:
    headers = {**letter().headers, "List-Unsubscribe": "<https://x/unsubscribe/t/>"}
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = compose(letter(headers=headers))
    assert set(mail.keys()) - HEADERS == {"List-Unsubscribe", "List-Unsubscribe-Post"}


@pytest.mark.parametrize("host", ["x.example", f"{'submissions.' * 20}informatik.uni.example"])
def test_the_button_and_the_thread_are_readable_however_long_the_address_of_the_site(host: str) -> None:
    given = {
        "Message-ID": f"<{'a1' * 16}@{host}>",
        "References": f"<{'b2' * 16}@{host}>",
        "List-Unsubscribe": f"<https://{host}/unsubscribe/{'c3' * 16}/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    lines = envelope(letter(headers=given)).data.decode().split("\r\n")
    assert [f"{name}: {value}" in lines for name, value in given.items()] == [True] * 4
    assert max(len(line) for line in lines) < 998


def test_a_message_id_is_stable_and_tells_nothing(settings: object) -> None:
    first = message_id("assignment-refused:17:4")
    assert first == message_id("assignment-refused:17:4")
    assert first != message_id("assignment-refused:17:5")
    settings.SECRET_KEY = "another key, so that nobody can guess identities from headers"  # type: ignore[attr-defined]
    assert message_id("assignment-refused:17:4") != first


def test_a_name_of_another_alphabet_and_a_domain_of_one_are_written_as_the_wire_wants() -> None:
    found = envelope(letter(to_email="person@bücher.example", to_name="王小明"))
    assert found.recipient == "person@xn--bcher-kva.example"
    assert b"=?utf-8?" in found.data


@pytest.mark.parametrize("email", ["jürgen@uni.example", "no-at-sign", "@uni.example", "a b@uni.example", "x@"])
def test_what_is_no_address_is_refused_before_any_server_is_asked(email: str) -> None:
    with pytest.raises((ValueError, UnicodeError)):
        envelope(letter(to_email=email))


@pytest.mark.parametrize("field", ["subject", "to_name"])
@pytest.mark.parametrize(
    "attack", ["x\r\nBcc: all@uni.example", "x\nBcc: all@uni.example", "x\r\n\r\n<script>", "x\x00\x85\u2028Bcc: y"]
)
def test_no_line_break_gets_into_a_header(field: str, attack: str) -> None:
    mail = message_from_bytes(envelope(letter(**{field: attack})).data, policy=default)
    assert set(mail.keys()) == HEADERS


@given(TEXT, TEXT, TEXT)
def test_no_text_makes_a_header_of_its_own(subject: str, to_name: str, sender: str) -> None:
    headers = {**letter().headers, "From-Name": sender}
    message = letter(subject=subject, to_name=to_name, headers=headers)
    data = envelope(message).data
    mail = message_from_bytes(data, policy=default)
    assert set(mail.keys()) == HEADERS
    assert mail["To"].addresses[0].addr_spec == "person@uni.example"
    assert mail["From"].addresses[0].addr_spec == "dlonsc@workshop.example"


@given(st.text())
def test_a_header_value_is_one_line(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) <= 300
