import pytest

from sandbox.pages.ansi import html_trace

STAMPED = (
    b"2026-11-25T00:54:36.640512Z 00O one\n"
    b"2026-11-25T00:54:36.640580Z 00O section_start:1:a\r\x1b[0K\n"
    b"2026-11-25T00:54:36.640584Z 00O+two\n"
    b"2026-11-25T00:54:36.640705Z 01E three\n"
)


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (b"\x1b[32;1mgreen\x1b[0;m plain", '<span class="c2 b">green</span> plain'),
        (b"\x1b[31mred\x1b[33myellow\x1b[m", '<span class="c1">red</span><span class="c3">yellow</span>'),
        (b"a\x1b[0Kb\x1b[2Jc", "abc"),
        (
            b"section_start:17955:step_script[collapsed=true]\r\x1b[0KRun\nsection_end:17956:step_script\r\x1b[0K\n",
            "Run\n\n",
        ),
        (b"10 %\r50 %\r100 %\r\ndone", "100 %\ndone"),
        (b"\xff\x00\x07x", "\ufffdx"),
        (
            STAMPED,
            "one\ntwo\nthree\n",
        ),
        (b"\x1b]8;;http://example.com\x07link", "link"),
        ('"quotes" & ümlaut'.encode(), "&quot;quotes&quot; &amp; ümlaut"),
    ],
)
def test_a_trace_becomes_harmless_html(trace: bytes, expected: str) -> None:
    assert html_trace(trace) == expected
