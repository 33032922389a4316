"""Handing a brief over: by SMTP, into a folder, to a robot's address. Each says whether trying again may help."""

import base64
import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

from flows.delivery_targets import PASSWORD, USER, FolderTarget, MailTarget, WebhookTarget, secret, without_secrets
from horizon.errors import DeliveryError, UsageError

Refusals = dict[str, DeliveryError]
_TIMEOUT_S = 60.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_ANSWER = 64 * 2**10


# ---- mail ------------------------------------------------------------------------------------------------------------


def send_mail(target: MailTarget, message: EmailMessage, to: Sequence[str], environ: Mapping[str, str]) -> Refusals:
    """Send one message to these of its receivers; returns those whom the server refused.

    Raises DeliveryError when nobody got it. User and password stand in neither errors nor logs.
    """
    user = environ.get(USER)
    if user and target.security == "none":
        message_ = f"target {target.id!r}: expected security starttls or tls where there is a user, found none"
        raise UsageError(f"{message_}; a password would travel in clear, mend the delivery file")
    password = secret(environ, PASSWORD, target.id) if user else None
    try:
        with _connected(target) as client:
            if user and password:
                client.login(user, password)
            refused = client.send_message(message, parseaddr(target.sender)[1], list(to))
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _mail_error(target, error, environ) from None
    return {name: _refusal(target, name, answer, environ) for name, answer in refused.items()}


def _connected(target: MailTarget) -> smtplib.SMTP:
    context = None if target.security == "none" else ssl.create_default_context(cafile=target.ca_file)
    if target.security == "tls":
        return smtplib.SMTP_SSL(target.host, target.port, timeout=_TIMEOUT_S, context=context)
    client = smtplib.SMTP(target.host, target.port, timeout=_TIMEOUT_S)
    try:
        if target.security == "starttls":
            client.starttls(context=context)
    except BaseException:
        client.close()
        raise
    return client


def _mail_error(target: MailTarget, error: Exception, environ: Mapping[str, str]) -> DeliveryError:
    where = f"{target.host}:{target.port}"
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        # An answer to a login may repeat what was sent in a form of its own; its number says enough.
        said = "" if isinstance(error, smtplib.SMTPAuthenticationError) else f" {without_secrets(told, environ)}"
        message = f"expected {where} to take the mail, found {error.smtp_code}{said}"
        return DeliveryError(f"{message}; see the mail server", may_pass=400 <= error.smtp_code < 500)
    lasting = isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError | ValueError)
    told = without_secrets(str(error), environ) or type(error).__name__
    return DeliveryError(
        f"expected a mail server at {where}, found: {told}; mend host, port or security", may_pass=not lasting
    )


def _refusal(target: MailTarget, name: str, answer: tuple[int, bytes], environ: Mapping[str, str]) -> DeliveryError:
    code, told = answer
    said = without_secrets(told.decode("utf-8", "replace"), environ)
    message = f"{target.host} refused {name}: {code} {said}; mend the address in the delivery file"
    return DeliveryError(message, may_pass=400 <= code < 500)


# ---- folder ----------------------------------------------------------------------------------------------------------


def fill_folder(target: FolderTarget, week: str, files: Mapping[str, bytes]) -> Path:
    """Each file whole or not at all, `brief.json` last: where it stands the others do too. Returns the folder."""
    from reports.write import replace_file

    folder = target.folder / week
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(files, key=lambda name: (name == "brief.json", name)):
            replace_file(folder / name, files[name])
    except OSError as error:
        message = f"expected to write into {folder}, found: {error.strerror}; make room, mend rights or mount it"
        raise DeliveryError(message, may_pass=True) from None
    return folder


# ---- webhook ---------------------------------------------------------------------------------------------------------


def post_notice(target: WebhookTarget, body: Any, environ: Mapping[str, str], now: datetime) -> None:
    """Tell a robot; raises DeliveryError, without the address, when it does not say that it took it."""
    from reports.messages import webhook

    template = webhook(target.template)
    url = secret(environ, target.url_env, target.id)
    _check_address(target, url, template.hosts)
    if target.secret_env is not None:
        url, body = signed(template.sign, url, body, secret(environ, target.secret_env, target.id), now)
    data = json.dumps(body, ensure_ascii=False).encode("utf-8")
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Horizon"}
    request = urllib.request.Request(url, data, headers, method="POST")  # noqa: S310 https or loopback, checked above
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_S) as answer:
            told = answer.read(_MOST_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            message = f"target {target.id!r}: expected the robot to take the notice, found HTTP {error.code}"
            raise DeliveryError(
                f"{message}; see its settings", may_pass=error.code in (408, 429, *range(500, 600))
            ) from None
    except (OSError, http.client.HTTPException) as error:
        # The words of some of these repeat the address.
        cause = getattr(error, "reason", error)
        told_ = without_secrets(str(cause), environ) if isinstance(cause, OSError) else type(cause).__name__
        raise DeliveryError(f"target {target.id!r}: the robot does not answer: {told_}; wait", may_pass=True) from None
    _check_answer(target, told, template.answer, environ)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address would get what only this one may know."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _check_address(target: WebhookTarget, url: str, hosts: Sequence[str]) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    loopback = parts.scheme == "http" and host in _LOOPBACK
    if not loopback and (parts.scheme != "https" or not host or (hosts and host not in hosts)):
        wanted = f"https://{' or '.join(hosts)}/..." if hosts else "https://..."
        raise UsageError(f"{target.url_env}: expected an address {wanted}, found another one; mend it")


def signed(where: str, url: str, body: Any, key: str, now: datetime) -> tuple[str, Any]:
    """Address and body with the robot's signature: DingTalk's goes into the address, Feishu's into the body.

    DingTalk: HMAC-SHA256 of `<milliseconds>\\n<key>` by the key. Feishu: of nothing, by `<seconds>\\n<key>`.
    """
    if where == "address":
        stamp = str(int(now.timestamp() * 1000))
        digest = hmac.new(key.encode(), f"{stamp}\n{key}".encode(), hashlib.sha256).digest()
        joint = "&" if "?" in url else "?"
        return f"{url}{joint}timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}", body
    if where == "body":
        stamp = str(int(now.timestamp()))
        digest = hmac.new(f"{stamp}\n{key}".encode(), b"", hashlib.sha256).digest()
        return url, {"timestamp": stamp, "sign": base64.b64encode(digest).decode(), **body}
    return url, body


def _check_answer(target: WebhookTarget, told: bytes, wanted: Mapping[str, int], environ: Mapping[str, str]) -> None:
    """These robots say HTTP 200 also when they refuse; what counts stands in their JSON."""
    if not wanted:
        return
    try:
        found = json.loads(told)
        fine = isinstance(found, dict) and all(found.get(key) == value for key, value in wanted.items())
    except (ValueError, RecursionError):
        fine = False
    if not fine:
        said = without_secrets(told.decode("utf-8", "replace"), environ)
        message = f"target {target.id!r}: expected {dict(wanted)}, found {said}; see the robot's settings"
        raise DeliveryError(message, may_pass=False)
