"""GitLab's REST API under /api/v4, as far as clients of this project need it."""
