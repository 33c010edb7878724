"""The components as a Pulumi plugin, for programs in any of Pulumi's languages."""

import sys

from ci_runners import __version__
from ci_runners.plugin.components import COMPONENTS
from ci_runners.plugin.host import ComponentHost, serve

if __name__ == "__main__":
    serve(ComponentHost(COMPONENTS, __version__), sys.argv[1:])
