"""What was found of a host as plain data, for a program."""

import dataclasses
import json
from collections.abc import Mapping

from ci_runners.preflight.facts import HostFacts
from ci_runners.preflight.findings import Findings
from ci_runners.preflight.way import Way


def as_json(facts: HostFacts, found: Mapping[Way, Findings]) -> str:
    """Facts and findings as one JSON object; null is not known. Ways go by their names, as in `dind rootless`."""
    ways = {way.name: {"can_work": not one.errors, **dataclasses.asdict(one)} for way, one in found.items()}
    return json.dumps({"facts": dataclasses.asdict(facts), "ways": ways}, indent=2) + "\n"
