"""Reading what openssl says of a certificate."""

import re
from datetime import UTC, datetime

_END = re.compile(r"notAfter=(\w{3})\s+(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4}) GMT")


def expiry(text: str) -> str:
    """The end of a certificate's life in ISO 8601, UTC, from the output of `openssl x509 -enddate -noout`.

    Raises `ValueError` where the text has no such line.
    """
    found = _END.search(text)
    if found is None:
        raise ValueError(
            f"no end of a certificate in {text!r}; expected a line like notAfter=Jan  2 03:04:05 2027 GMT"
        )
    moment = datetime.strptime(" ".join(found.groups()), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")
