"""The pages that people look at: projects, pipelines, jobs, runners."""
