"""What a forge is told: registration, variables, protection, the pipeline, for a project that is there already."""
