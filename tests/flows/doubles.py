"""A mail server and a chat robot on the loopback, which remember what they were told."""

import base64
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP as far as a sender needs it: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, certificate: ssl.SSLContext | None = None, password: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.certificate, self.password = certificate, password
        self.refuse: dict[str, list[bytes]] = {}
        """What a command, or RCPT of an address, is answered instead, each answer once."""
        self.taken: list[tuple[tuple[str, ...], bytes]] = []
        """Receivers and message."""
        self.logins: list[tuple[bool, str, str]] = []
        """Whether encrypted, user, password."""
        self.sessions = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.sessions += 1
        self.encrypted = False
        self.to: list[str] = []
        self.say(b"220 double ESMTP")
        while line := self.rfile.readline():
            words = line.strip().decode("utf-8", "replace")
            if self.answer(words.split(":")[0].upper(), words) == "end":
                return

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def answer(self, verb: str, words: str) -> str | None:
        receiver = words[words.find("<") + 1 : words.find(">")]
        told = self.server.refuse.get(receiver if verb == "RCPT TO" else verb.split(maxsplit=1)[0])
        if told:
            self.say(told.pop(0))
        elif verb.startswith("EHLO"):
            self.greet()
        elif verb == "STARTTLS":
            self.encrypt()
        elif verb.startswith("AUTH PLAIN"):
            self.login(words.split()[2])
        elif verb == "RCPT TO":
            self.to.append(receiver)
            self.say(b"250 yes")
        elif verb == "DATA":
            self.take()
        elif verb == "QUIT":
            self.say(b"221 bye")
            return "end"
        else:
            self.say(b"250 yes")
        return None

    def greet(self) -> None:
        lines = ["double", "8BITMIME"]
        lines += ["STARTTLS"] if self.server.certificate and not self.encrypted else []
        lines += ["AUTH PLAIN"] if self.server.password else []
        for line in lines[:-1]:
            self.say(f"250-{line}".encode())
        self.say(f"250 {lines[-1]}".encode())

    def encrypt(self) -> None:
        assert self.server.certificate is not None
        self.say(b"220 go ahead")
        self.connection = self.server.certificate.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.encrypted = True

    def login(self, told: str) -> None:
        _, user, password = base64.b64decode(told).decode().split("\0")
        self.server.logins.append((self.encrypted, user, password))
        fine = password == self.server.password
        self.say(b"235 welcome" if fine else f"535 bad credentials {told}".encode())

    def take(self) -> None:
        self.say(b"354 end with a dot")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.taken.append((tuple(self.to), b"".join(lines)))
        self.to = []
        self.say(b"250 taken")

    def finish(self) -> None:
        super().finish()
        self.connection.close()


class Robot(ThreadingHTTPServer):
    """Answers POST with what it is given to say: HTTP status and JSON, the last one again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.says: list[tuple[int, Any]] = [(200, {"errcode": 0, "code": 0})]
        self.told: list[tuple[str, Any]] = []
        """Path with query, and body."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/robot/send?key=s3cret-key"


class _Hook(BaseHTTPRequestHandler):
    server: Robot

    def do_POST(self) -> None:
        self.server.told.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        status, body = self.server.says.pop(0) if len(self.server.says) > 1 else self.server.says[0]
        data = json.dumps(body).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """A server at work in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
