# Two commands matter: `make up` (from a bare machine to a built image) and `make test` (everything, on the real engine).
PYTHON ?= python3
RUN := $(PYTHON) -m bootstrap run
VENV := .machine/venv/bin

.PHONY: up down test check machine dev-machine preview shell page lock clean bench accounts prove soak docs

up: ## the machine, the dev station, one job; ends with a summary
	@$(PYTHON) -m bootstrap up

down: ## remove everything that `make up` started
	@$(PYTHON) -m bootstrap down

machine: ## only what the machine lacks, for every way to build: programs, engine, images, sandbox
	@$(PYTHON) -m bootstrap machine

dev-machine: ## the same, as far as the dev station needs it
	@$(PYTHON) -m bootstrap machine --dev-station

preview: dev-machine ## what `pulumi up` would do
	@$(RUN) $(VENV)/python -m bootstrap.station preview

shell: dev-machine ## a shell with pulumi, its plugins and the engine at hand
	@$(RUN) $${SHELL:-sh}

page: ## the sandbox's page on http://127.0.0.1:8929, for a browser
	@$(VENV)/python -m bootstrap.page

check: ## format, lint, types, import rules, unit tests, graph snapshots and the docs
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/pytest -q -n 2 tests/unit tests/graph tests/docs

test: machine ## everything: `check`, the package, the sandbox, the bootstrap, then end to end on the real engine
	$(MAKE) check
	$(VENV)/pytest -q -n 2 --dist loadfile tests/package
	$(RUN) $(VENV)/pytest -q -n 2 tests/sandbox tests/bootstrap tests/upgrade
	$(RUN) $(VENV)/pytest -q -n 2 --dist loadfile --durations=40 tests/e2e
	$(VENV)/pytest -q tests/languages/test_page.py
	$(VENV)/pytest -q -s -p no:randomly tests/machine

prove: machine ## what takes longer: attacks, lost jobs, killed commands, faults; the reports go to docs/proof/
	$(VENV)/pytest -q tests/interpreters tests/languages
	$(RUN) $(VENV)/python -m tests.prove

soak: machine ## hours of changes and faults by chance on one station (HOURS=2); the report goes to docs/proof/
	$(RUN) $(VENV)/python -m tests.soak --hours $(or $(HOURS),2) $(if $(SEED),--seed $(SEED))

bench: ## what a person waits for (bench/results.csv), then the same builds in every way (bench/results/); from nothing
	@$(PYTHON) -m bootstrap down
	PYTHONPATH=. $(PYTHON) -m bench.measure
	@$(PYTHON) -m bootstrap machine
	$(RUN) $(VENV)/python -m bench.builds

accounts: machine ## the stations' tests on the GitLab and the GitHub that the environment names (docs/real-accounts.md)
	@test -n "$$CI_RUNNERS_ACCOUNT_GITLAB_URL$$CI_RUNNERS_ACCOUNT_GITHUB_ORGANIZATION" || \
		{ echo "no account is named: see docs/real-accounts.md" >&2; exit 2; }
	$(RUN) $(VENV)/pytest -q tests/e2e/test_gitlab_stations.py tests/e2e/test_github_stations.py

docs: ## the schema, and the pages and pictures that are made from the code
	cd components && ../$(VENV)/python -m ci_runners.plugin > schema.json
	$(VENV)/python -m tests.docs.reference
	$(VENV)/python -m tests.docs.pictures

lock: ## requirements.lock from requirements.in
	$(VENV)/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-header requirements.in -o requirements.lock

clean: down ## also the virtual environment, the logs and the secrets of this checkout
	rm -rf .machine
