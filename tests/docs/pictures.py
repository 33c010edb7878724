"""The pictures of the four ways, drawn by this code: `python -m tests.docs.pictures`.

A box is a container or a machine, an arrow is who speaks to whom, and a dashed red frame is the trust boundary: what is
inside one can reach one another, and what is outside is out of reach for it.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs/ways/pictures"
WIDTH, HEIGHT = 760, 390
LINE = 17
STYLE = (
    "text{font:13px sans-serif;fill:#1f2933}.head{font-weight:bold}.small{font-size:12px}"
    ".host{fill:#f5f5f4;stroke:#78716c}.plain{fill:#e8f1fb;stroke:#2563a8}.root{fill:#fdeaea;stroke:#b91c1c}"
    ".thing{fill:#fff;stroke:#57534e}.wall{fill:none;stroke:#b91c1c;stroke-width:2.5;stroke-dasharray:7 5}"
    ".wall-text{fill:#b91c1c;font-weight:bold;font-size:12px}"
    ".tls{stroke:#15803d;stroke-width:2;fill:none}.socket{stroke:#b91c1c;stroke-width:2;fill:none}"
    ".start{stroke:#57534e;stroke-width:1.5;fill:none}"
)


@dataclass(frozen=True)
class Box:
    """A frame with a heading and lines under it. `kind` is its style: host, plain, root, thing or wall."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    head: str
    lines: tuple[str, ...] = ()

    def svg(self) -> Iterable[str]:
        """Its frame and texts."""
        yield (
            f'<rect class="{self.kind}" x="{self.x}" y="{self.y}" width="{self.width}" '
            f'height="{self.height}" rx="6"/>'
        )
        style = "wall-text" if self.kind == "wall" else "head"
        # A wall's text stands at its lower edge, since what it is around has a heading of its own.
        top = self.y + self.height - 8 if self.kind == "wall" else self.y + LINE + 2
        yield _text(self.x + 10, top, self.head, style)
        for number, line in enumerate(self.lines, start=1):
            yield _text(self.x + 10, top + number * LINE, line, "small")


@dataclass(frozen=True)
class Arrow:
    """From one place to another. `kind` is its style: tls, socket or start."""

    points: tuple[tuple[int, int], ...]
    kind: str
    text: str
    at: tuple[int, int]

    def svg(self) -> Iterable[str]:
        """Its line and text."""
        path = " L ".join(f"{x} {y}" for x, y in self.points)
        yield f'<path class="{self.kind}" d="M {path}" marker-end="url(#{self.kind})"/>'
        yield _text(*self.at, self.text, "small")


@dataclass(frozen=True)
class Picture:
    """A drawing and the words for who does not see it."""

    title: str
    parts: tuple[Box | Arrow, ...]

    def svg(self) -> str:
        """The file."""
        colors = {"tls": "#15803d", "socket": "#b91c1c", "start": "#57534e"}
        marks = "".join(
            f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{color}"/></marker>'
            for kind, color in colors.items()
        )
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            "<!-- Drawn by `python -m tests.docs.pictures`. -->",
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{marks}</defs>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *(line for part in self.parts for line in part.svg()),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"


HOST = Box(10, 10, 740, 370, "host", "the host and its Docker Engine")
RUNNER = ("unprivileged", "holds the runner's token")
PICTURES = {
    "dind": Picture(
        "DinD: the runner reaches a daemon in a privileged container over TLS; jobs run inside the daemon",
        (
            HOST,
            Box(30, 60, 200, 110, "plain", "GitLab Runner", (*RUNNER, "and a client certificate")),
            Box(360, 50, 370, 315, "wall", "trust boundary: every job here has all of it"),
            Box(375, 60, 340, 240, "root", "docker:dind", ("privileged, TLS on 2376 only",)),
            Box(395, 115, 140, 70, "thing", "a job", ("docker build, run",)),
            Box(555, 115, 140, 70, "thing", "another job", ("sees the first's",)),
            Box(
                395,
                205,
                300,
                75,
                "thing",
                "images, build cache",
                ("volume <name>-storage", "shared by all jobs"),
            ),
            Arrow(((230, 110), (372, 110)), "tls", "TLS, 2376", (258, 102)),
            Arrow(
                ((375, 290), (250, 330), (140, 330)),
                "socket",
                "root in the daemon can become root here",
                (30, 350),
            ),
        ),
    ),
    "dood": Picture(
        "DooD: runner and jobs hold the socket of the host's own engine",
        (
            Box(10, 10, 740, 370, "host", "the host"),
            Box(
                20,
                35,
                720,
                335,
                "wall",
                "trust boundary: the whole host, since whoever runs a job is root on it",
            ),
            Box(40, 60, 200, 90, "plain", "GitLab Runner", RUNNER),
            Box(280, 60, 200, 90, "thing", "a job", ("docker build, run", "beside the runner, not in it")),
            Box(520, 60, 200, 90, "thing", "what the job starts", ("a container of the host's",)),
            Box(
                180,
                230,
                400,
                90,
                "root",
                "/var/run/docker.sock: the host's engine",
                ("one image store, one build cache", "docker run --volume /:/host is root"),
            ),
            Arrow(((140, 150), (140, 270), (178, 270)), "socket", "socket, starts jobs", (150, 200)),
            Arrow(((380, 150), (380, 228)), "socket", "socket, or a proxy's", (390, 195)),
            Arrow(((582, 270), (620, 270), (620, 152)), "start", "starts", (630, 220)),
        ),
    ),
    "buildkit": Picture(
        "BuildKit: jobs without the socket send their builds over TLS to a rootless buildkitd",
        (
            HOST,
            Box(30, 60, 190, 90, "plain", "GitLab Runner", (*RUNNER, "and the engine's socket")),
            Box(30, 215, 190, 90, "plain", "a job", ("unprivileged, no socket", "a client certificate")),
            Box(355, 50, 380, 315, "wall", "trust boundary: a user namespace, and the kernel"),
            Box(
                370,
                60,
                350,
                250,
                "plain",
                "buildkitd, rootless",
                ("user 1000, TLS on 1234 only", "without seccomp's and AppArmor's profiles"),
            ),
            Box(390, 135, 150, 70, "thing", "a step of a build", ("BuildKit's own filter",)),
            Box(555, 135, 150, 70, "thing", "another job's step", ("same network",)),
            Box(
                390,
                220,
                315,
                75,
                "thing",
                "cache",
                ("volume <name>-cache", "shared by all who hold a certificate"),
            ),
            Arrow(((125, 150), (125, 213)), "start", "starts", (135, 187)),
            Arrow(((220, 260), (368, 260)), "tls", "TLS, 1234", (250, 252)),
        ),
    ),
    "kaniko": Picture(
        "Kaniko: each job builds in its own unprivileged container and pushes to a registry",
        (
            Box(10, 10, 540, 370, "host", "the host and its Docker Engine"),
            Box(30, 60, 190, 90, "plain", "GitLab Runner", (*RUNNER, "and the engine's socket")),
            Box(290, 50, 240, 140, "wall", "trust boundary: the container"),
            Box(
                305,
                60,
                210,
                95,
                "plain",
                "a job: Kaniko",
                ("unprivileged, 8 capabilities", "seccomp and AppArmor on", "no socket, no daemon"),
            ),
            Box(290, 215, 240, 140, "wall", "trust boundary: the container"),
            Box(
                305,
                225,
                210,
                95,
                "plain",
                "another job",
                ("sees nothing of the first", "but what both may push to"),
            ),
            Box(612, 60, 130, 120, "thing", "a registry", ("the image", "the layer cache")),
            Arrow(((220, 105), (303, 105)), "start", "starts", (238, 97)),
            Arrow(((125, 150), (125, 270), (303, 270)), "start", "starts", (135, 215)),
            Arrow(((515, 105), (610, 105)), "tls", "pushes", (556, 97)),
            Arrow(((515, 270), (677, 270), (677, 182)), "tls", "pushes", (580, 262)),
        ),
    ),
}


def files() -> dict[Path, str]:
    """Every picture by its path."""
    return {FOLDER / f"{name}.svg": picture.svg() for name, picture in PICTURES.items()}


def _text(x: int, y: int, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>'


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for target, drawing in files().items():
        target.write_text(drawing)
        sys.stdout.write(f"{target.name}\n")
