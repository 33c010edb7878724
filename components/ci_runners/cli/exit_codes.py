"""How a command ends when it does not end well."""

NOTHING_READ = 1
"""`preflight` could not ask the engine."""
WRONG_INPUT = 2
"""A value that cannot be; argparse's own, for a wrong command line, is the same."""
NO_WAY_FITS = 3
"""`recommend` found no way that fits, or `preflight` none of the asked ones that can work."""
