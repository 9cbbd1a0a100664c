"""A small mailbox that speaks as much IMAP (RFC 3501) as polling needs."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

UID = re.compile(rb"UID (\w+) (\S+) ?(.*)", re.IGNORECASE)


class MailboxServer(socketserver.ThreadingTCPServer):
    """Keeps mails by UID; `seen` are those that somebody marked. `breaks_at` drops the line at that UID, once."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, mails: list[bytes], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails = dict(enumerate(mails, start=1))
        self.seen: set[int] = set()
        self.logins: list[bytes] = []
        self.commands: list[bytes] = []
        self.folders = {b'"INBOX"', b'"Returned letters"'}
        self.breaks_at = 0
        self.tls = tls

    def get_request(self) -> tuple[Any, Any]:
        line, address = super().get_request()
        return (self.tls.wrap_socket(line, server_side=True) if self.tls else line), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of our business."""


class Conversation(socketserver.StreamRequestHandler):
    server: MailboxServer

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")

    def handle(self) -> None:
        self.say(b"* OK here")
        while line := self.rfile.readline().strip():
            tag, _, words = line.partition(b" ")
            self.server.commands.append(words)
            command = words.split(b" ")[0].upper().decode()
            answer = getattr(self, f"do_{command}", self.unknown)(words)
            self.say(tag + b" " + answer)
            if command == "LOGOUT":
                return

    def unknown(self, words: bytes) -> bytes:
        return b"BAD what?"

    def do_CAPABILITY(self, words: bytes) -> bytes:
        self.say(b"* CAPABILITY IMAP4rev1")
        return b"OK done"

    def do_LOGIN(self, words: bytes) -> bytes:
        self.server.logins.append(words)
        return b"OK done" if words.endswith(b'"secret"') else b"NO wrong"

    def do_SELECT(self, words: bytes) -> bytes:
        if words.split(b" ", 1)[1] not in self.server.folders:
            return b"NO there is none"
        self.say(b"* %d EXISTS" % len(self.server.mails))
        return b"OK [READ-WRITE]"

    def do_LOGOUT(self, words: bytes) -> bytes:
        self.say(b"* BYE")
        return b"OK done"

    def do_UID(self, words: bytes) -> bytes:
        match = UID.fullmatch(words)
        assert match is not None
        act, which = match[1].upper(), match[2]
        if act == b"SEARCH":
            left = [number for number in self.server.mails if number not in self.server.seen]
            self.say(b" ".join([b"* SEARCH", *(b"%d" % number for number in left)]))
            return b"OK done"
        number = int(which)
        if act == b"STORE":
            assert match[3] == rb"+FLAGS (\Seen)"
            self.server.seen.add(number)
            return b"OK done"
        if number == self.server.breaks_at:
            self.server.breaks_at = 0
            raise ConnectionResetError
        assert match[3].startswith(b"(BODY.PEEK[]<0.")
        if mail := self.server.mails[number]:
            self.say(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (number, number, len(mail), mail))
        return b"OK done"


@contextmanager
def holding(*mails: bytes, tls: ssl.SSLContext | None = None) -> Iterator[MailboxServer]:
    """A mailbox that listens on a free port of 127.0.0.1."""
    with MailboxServer(list(mails), tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
