"""How a `.gitlab-ci.yml` is read: pure functions, no store, no web."""
