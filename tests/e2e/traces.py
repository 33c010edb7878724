"""Reading what a job wrote."""


def answers(trace: str) -> dict[str, str]:
    """What each probe wrote, without the runner's own lines and the echo of the commands."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for stamped in trace.splitlines():
        line = stamped.partition("O ")[2] or stamped.partition("E ")[2]
        if line.startswith("probe="):
            current = found.setdefault(line.removeprefix("probe="), [])
        elif "$ " not in line and "\x1b" not in line:
            current.append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}
