"""Delivery: passwords travel encrypted, to addresses of the service alone, and no secret is ever told."""

import base64
import datetime as dt
import ipaddress
import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.delivery_targets import PASSWORD, USER
from flows.senders import signed
from tests.flows.doubles import MailServer, Robot, serving
from tests.flows.office import HOOK, LOGIN, Office, hook, mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's loopback with its key, made for the test."""
    pytest.importorskip("cryptography", reason="makes the certificate of the test")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    today = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(alternative, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "office.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def safe_post(certificate: Path) -> Iterator[MailServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with serving(MailServer(context, LOGIN[PASSWORD])) as server:
        yield server


def test_user_and_password_travel_encrypted(office: Office, safe_post: MailServer, certificate: Path) -> None:
    office.environ.update(LOGIN)
    done = office.deliver(mail(safe_post, security="starttls", ca_file=str(certificate)))
    assert {each.status for each in done} == {"sent"}
    assert safe_post.logins == [(True, LOGIN[USER], LOGIN[PASSWORD])]


def test_a_certificate_that_nobody_vouches_for_ends_it(office: Office, safe_post: MailServer) -> None:
    office.environ.update(LOGIN)
    done = office.deliver(mail(safe_post, security="starttls"))
    assert {each.status for each in done} == {"failed"}
    assert (safe_post.logins, office.slept) == ([], [])


def test_a_password_never_travels_in_clear(office: Office, post: MailServer) -> None:
    office.environ.update(LOGIN)
    done = office.deliver(mail(post))
    assert {each.status for each in done} == {"failed"}
    assert post.logins == []
    assert "in clear" in (done[0].reason or "")


def test_no_secret_stands_in_log_reason_or_file(
    office: Office, safe_post: MailServer, robot: Robot, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = LOGIN | {PASSWORD: "another-secret"}
    office.environ.update({**wrong, HOOK: robot.url, "HORIZON_ROBOT_KEY": "SECabcdef"})
    robot.says = [(200, {"errcode": 1, "errmsg": f"bad key SECabcdef at {robot.url}"})]
    done = office.deliver(
        mail(safe_post, security="starttls", ca_file=str(certificate)),
        hook(template="dingtalk", secret_env="HORIZON_ROBOT_KEY"),
        hook(id="gone", url_env="HORIZON_WEBHOOK_GONE"),
    )
    assert {each.status for each in done} == {"failed"}
    assert "535" in (done[0].reason or "")
    everything = caplog.text + office.log.read_text(encoding="utf-8") + repr(done)
    encoded = base64.b64encode(f"\0{LOGIN[USER]}\0another-secret".encode()).decode()
    for secret in ("another-secret", "horizon-user", "SECabcdef", "s3cret-key", encoded):
        assert secret not in everything
    assert "HORIZON_WEBHOOK_GONE" in everything


@pytest.mark.parametrize(
    "url", ["http://qyapi.weixin.qq.com/x?key=k1234", "https://evil.example/x?key=k1234", "nonsense-k1234"]
)
def test_a_robot_has_an_address_of_its_service(office: Office, url: str) -> None:
    office.environ[HOOK] = url
    [done] = office.deliver(hook())
    assert done.status == "failed"
    assert "https://qyapi.weixin.qq.com/" in (done.reason or "")
    assert "k1234" not in (done.reason or "")


# Reckoned by openssl: printf '1700000000000\nSECkey' | openssl dgst -sha256 -hmac SECkey -binary | base64, quoted;
# and printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<hex of '1700000000\nSECkey'> -binary | base64.
IN_ADDRESS = "n31EFkeVASf6duQZFjI9B9OAxOUf2Ax4dEvysv6uETc%3D"
IN_BODY = "X3PRhuTg+jduG7PhnBDPB3AdIjFS67kt0BWmF47Vh8c="


def test_signatures_are_those_that_the_services_reckon() -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    url, body = signed("address", "https://x/send?access_token=t", {"a": 1}, "SECkey", at)
    assert body == {"a": 1}
    assert url == ("https://x/send?access_token=t&timestamp=1700000000000&sign=" + IN_ADDRESS)
    url, body = signed("body", "https://x/hook", {"a": 1}, "SECkey", at)
    assert (url, body) == ("https://x/hook", {"timestamp": "1700000000", "sign": IN_BODY, "a": 1})
