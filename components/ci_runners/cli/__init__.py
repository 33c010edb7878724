"""The commands of `python -m ci_runners`, one module each."""
