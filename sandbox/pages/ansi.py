"""A job's trace as HTML: escaped, with the terminal's colours, without the runner's section markers."""

import html
import re

# The runner stamps each line with a time and a stream; a `+` joins the line to the one before (GitLab docs, "Job logs").
_STAMP = re.compile(r"(\n|^)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z [0-9a-f]{2}[OE](?:( )|\+)")
_SECTION = re.compile(r"section_(?:start|end):\d+:[^\r\n]*\r(?:\x1b\[0K)?")
_STYLE = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\x07]*\x07|[()][A-Z0-9])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_RESET = 0
_BOLD = 1
_COLOURS = {code: f"c{code % 10}" for code in (*range(30, 38), *range(90, 98))}


def html_trace(trace: bytes) -> str:
    """The trace as HTML in which nothing but our own `<span>`s is markup."""
    made: list[str] = []
    classes: list[str] = []
    for place, piece in enumerate(_STYLE.split(_cleaned(trace))):
        if place % 2:
            classes = _styled(classes, piece)
        elif text := html.escape(_CONTROL.sub("", piece)):
            made.append(f'<span class="{" ".join(classes)}">{text}</span>' if classes else text)
    return "".join(made)


def _cleaned(trace: bytes) -> str:
    joined = _STAMP.sub(lambda stamp: stamp[1] if stamp[2] else "", trace.decode(errors="replace"))
    text = _SECTION.sub("", joined)
    lines = _OTHER.sub("", text).replace("\r\n", "\n").split("\n")
    # A progress bar writes its line again and again: the last one counts.
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _styled(classes: list[str], codes: str) -> list[str]:
    kept = list(classes)
    for code in (int(word or 0) for word in codes.split(";")):
        if code == _RESET:
            kept = []
        elif code == _BOLD:
            kept.append("b")
        elif code in _COLOURS:
            kept = [name for name in kept if name == "b"] + [_COLOURS[code]]
    return list(dict.fromkeys(kept))
