"""Reading what openssl says of a certificate."""

import re
from datetime import UTC, datetime

_END = re.compile(r"notAfter=(\w{3})\s+(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4}) GMT")
_PROBLEM = re.compile(r"^problem: (.*)$", re.MULTILINE)


def expiry(text: str) -> str:
    """The earliest end of a certificate's life in ISO 8601, UTC, from what `openssl x509 -enddate -noout` writes.

    Raises `ValueError` where the text has no such line, or tells a problem.
    """
    problem = _PROBLEM.search(text)
    if problem is not None:
        raise ValueError(f"the certificates were not made: {problem.group(1)}")
    found = _END.findall(text)
    if not found:
        raise ValueError(
            f"no end of a certificate in {text!r}; expected a line like notAfter=Jan  2 03:04:05 2027 GMT"
        )
    ends = [datetime.strptime(" ".join(each), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC) for each in found]
    return min(ends).isoformat().replace("+00:00", "Z")
