"""Labelled stand-ins for the parts of Pulumi that no package registry serves. See docs/stand-ins-plugins.md."""
