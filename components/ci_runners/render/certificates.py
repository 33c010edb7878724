"""A daemon's certificates: what may be asked of them, when a person must hear of them, and the script that makes them.

Kinds, names and life are those of docker:dind (docker-library/docker, dockerd-entrypoint.sh); its keys are RSA of 4096
bits, these are of the stronger curve P-384.
"""

import dataclasses
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files

from ci_runners.problems import Problem
from ci_runners.validate import Rules

AUTHORITY = "/certs/ca"
"""The certificate authority. Its key is here and nowhere else; that of a user's own is not even here."""
SERVER_CERTIFICATES = "/certs/server"
"""ca.pem, cert.pem and key.pem of the daemon."""
OWN_AUTHORITY = "/authority"
"""Where the maker finds a user's own authority, cert.pem and key.pem."""

LIFE_DAYS = 825
"""Days that a certificate holds: docker:dind's own."""

SCRIPT = files("ci_runners.render").joinpath("scripts", "certificates.sh").read_text()
"""The maker. What is there and counts stays; its last lines are the ends of the certificates' lives."""

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_KEY = re.compile(
    r"-----BEGIN (EC |RSA )?PRIVATE KEY-----\n.+\n-----END (EC |RSA )?PRIVATE KEY-----", re.DOTALL
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """What may be asked of a daemon's certificates. Explained on `CertificatesArgs`."""

    rotate: str | None = None
    warn_days: int = 30
    authority_certificate: str | None = None

    def rotated(self, today: date) -> str | None:
        """The day of the rotation that is due; None before it, and where there is none."""
        return self.rotate if self.rotate and date.fromisoformat(self.rotate) <= today else None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something to tell a person at every preview and update."""

    text: str
    is_warning: bool


def certificates_problems(rules: Rules, asked: Certificates) -> Iterator[Problem]:
    """What is wrong with the plain arguments."""
    if asked.rotate is not None and not _is_day(asked.rotate):
        yield rules.problem(
            "certificates.rotate",
            asked.rotate,
            "a day of the calendar",
            'write it like "2027-01-31", in quotes',
        )
    why = "certificates hold for 825 days: choose a time in which somebody can act"
    yield from rules.within("certificates.warn_days", asked.warn_days, 1, LIFE_DAYS, why)
    if asked.authority_certificate is not None and authority_end(asked.authority_certificate) is None:
        yield rules.problem(
            "certificates.authority_certificate",
            "a text",
            "certificates in PEM, each of an authority (basicConstraints CA:TRUE)",
            "give the text of the .pem file: your authority first, then those above it up to the one that signs itself",
        )


def authority_key_problems(rules: Rules, asked: Certificates, key: object) -> Iterator[Problem]:
    """What is wrong with the key of a user's own authority, as far as it is known; no message shows it."""
    if (asked.authority_certificate is None) != (key is None):
        field, other = "authority_key", "certificates.authority_certificate"
        if key is not None:
            field, other = other, field
        yield rules.problem(field, None, f"a value, since there is {other}", "give both of them, or none")
    elif isinstance(key, str) and ("ENCRYPTED" in key or not _KEY.search(key)):
        fix = "pass the text of the .pem file, with its first and last line; openssl pkey takes a passphrase off"
        expected = "a private key in PEM without a passphrase"
        found = rules.problem("authority_key", "", expected, fix)
        yield dataclasses.replace(found, secret=True)


def authority_end(certificates: str) -> datetime | None:
    """When the first of an authority's certificates, in PEM, ends. None where they are not that of an authority."""
    if not certificates.isascii():
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        return None
    found = context.get_ca_certs()  # leaves out what is no authority's
    if not found or len(found) != certificates.count(_CERTIFICATE):
        return None
    ends = [ssl.cert_time_to_seconds(str(each["notAfter"])) for each in found]
    return datetime.fromtimestamp(min(ends), UTC)


def certificate_notice(end: str, today: date, asked: Certificates) -> Notice | None:
    """What to tell of certificates that end then (ISO 8601)."""
    last = datetime.fromisoformat(end).date()
    left = (last - today).days
    planned = date.fromisoformat(asked.rotate) if asked.rotate else None
    if planned is not None and today < planned < last:
        text = f"the first `pulumi up` on or after {planned} makes the certificates anew; they end on {last}"
        return Notice(text=text, is_warning=False)
    if planned is not None and today < planned:
        text = f"certificates.rotate is {planned}, and they end on {last} already: set it to a day before"
        return Notice(text=text, is_warning=True)
    if left > asked.warn_days:
        return None
    ended = f"end on {last}, in {left} days" if left >= 0 else f"ended on {last}: no job reaches the daemon"
    own = asked.authority_certificate and authority_end(asked.authority_certificate)
    cure = (
        "give certificates.authority_certificate one that holds for longer"
        if own and own.date() <= last
        else "set certificates.rotate to a day before, and run `pulumi up` on it or later; running jobs end first"
    )
    return Notice(text=f"the certificates {ended}; {cure}", is_warning=True)


def without_key(args: Mapping[str, object]) -> dict[str, object]:
    """A daemon's arguments as its spec has them: without the key of a user's own authority, which may be an output."""
    return {name: value for name, value in args.items() if name != "authority_key"}


def subject_names(names: tuple[str, ...]) -> str:
    """Host names as openssl writes them (openssl, x509v3_config, Subject Alternative Name)."""
    return ",".join(f"DNS:{name}" for name in names)


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
