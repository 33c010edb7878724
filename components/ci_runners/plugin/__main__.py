"""`python -m ci_runners.plugin`: print the package's schema, as components/schema.json keeps it."""

import json
import sys

from ci_runners import __version__
from ci_runners.plugin.components import COMPONENTS
from ci_runners.plugin.schema import analyze, package_schema

if __name__ == "__main__":
    schema = package_schema(analyze(COMPONENTS), __version__)
    sys.stdout.write(json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
