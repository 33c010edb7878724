"""The components as a Pulumi plugin, for programs in any of Pulumi's languages.

Upstream's own host for components (`pulumi.provider.experimental`, as of 3.272) loses arguments on their way, silently:

- a secret in a section, a list or a mapping makes one Output of the whole top-level argument, and so does the output
  of another resource by its dependencies; of an Output that should be a section no key is read;
- a value that a preview does not know yet arrives as a bare object in place of an Output;
- what a list of enums holds is emptied, and keys that the schema does not have are dropped.

So this package reads the arguments itself (`arguments`), and hosts the components by Pulumi's older, stable interface
for providers (`host`). Of upstream's host it keeps the part that reads a schema from the components' types (`schema`).
"""
