"""Gets a machine ready for this project: finds, fetches or builds what it lacks.

`python3 -m bootstrap up` ends with a built image in a registry; `make up` calls it.
"""
