"""How a command ends when it does not end well."""

NOTHING_READ = 1
"""`preflight` or `status` could not ask the engine, or `explain` got no preview, or one that Pulumi would refuse, or
`comment` had none to tell."""
WRONG_INPUT = 2
"""A value that cannot be; argparse's own, for a wrong command line, is the same."""
NO_WAY_FITS = 3
"""`recommend` found no way that fits, or `preflight` none of the asked ones that can work."""
SOMETHING_STOPS = 4
"""`explain`: something that runs is stopped, after its grace."""
SOMETHING_IS_LOST = 5
"""`explain`: a cache, data or running work is lost for good."""
PRIVILEGE_GAINED = 6
"""`explain`: something gets a privilege that it did not have."""
NEEDS_ATTENTION = 7
"""`status`: everything works, and something will not for long."""
NOT_WELL = 8
"""`status`: something does not work, or nothing is there."""
NOT_WRITTEN = 9
"""`comment`: the forge has refused, or was not reached."""
