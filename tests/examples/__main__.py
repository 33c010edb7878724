"""Writes each example's preview.txt anew: `.machine/venv/bin/python -m tests.examples`."""

import sys

from tests.examples.catalog import catalog
from tests.examples.recorded import expected_preview

for program in catalog():
    program.preview.write_text(expected_preview(program))
    sys.stdout.write(f"{program.preview.relative_to(program.folder.parents[1])}\n")
