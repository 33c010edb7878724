"""The pieces that pages are made of. All text is escaped here or by whoever hands it over as `Html`."""

from collections.abc import Iterable
from html import escape

from starlette.responses import HTMLResponse, Response

from sandbox import clock

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

# Text that was escaped already, or that we wrote ourselves.
Html = str


def page(title: str, body: Html, status: int = 200, *, forge: str = "GitLab") -> Response:
    """A whole page, with the banner that says what it is: a stand-in for a forge."""
    document = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · sandbox</title>
<link rel="stylesheet" href="/-/assets/sandbox.css">
<script src="/-/assets/sandbox.js" defer></script>
</head>
<body>
<header><strong>SANDBOX</strong>: a stand-in, not {escape(forge)} <a href="/">overview</a></header>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
"""
    return HTMLResponse(document, status, headers=_HEADERS)


def link(path: str, text: str) -> Html:
    """A link to a page of the sandbox."""
    return f'<a href="/{escape(path)}">{escape(text)}</a>'


def badge(status: str) -> Html:
    """A status, coloured by the style sheet."""
    return f'<span class="badge {escape(status)}">{escape(status)}</span>'


def table(columns: Iterable[str], rows: Iterable[Iterable[Html]], nothing: str) -> Html:
    """A table, or one sentence when it would be empty."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(nothing)}</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def duration(start: str | None, end: str | None) -> Html:
    """Seconds from one time to another, up to now while it lasts."""
    seconds = clock.seconds_between(start, end)
    return "" if seconds is None else f"{seconds:.0f} s"


def time(stamp: str | None) -> Html:
    """A time that people can read."""
    return "never" if stamp is None else escape(f"{stamp[:10]} {stamp[11:19]} UTC")
