# Every target sets up what it needs in .venv, with nothing but Python (3.11 or newer) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development

.DEFAULT_GOAL := help
.PHONY: help up demo test test-kind check lint bench screenshots proto lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(RUNTIME) ## Serve the example routemaps: HTTP on :8080, gRPC on :50051 (ARGS="..." adds options)
	$(BIN)/iter8-gitops up examples $(ARGS)

demo: $(RUNTIME) ## Play the whole story, from a first commit to a promoted winner
	$(BIN)/iter8-gitops demo $(ARGS)

test: check ## Everything CI runs: the static checks, then every test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup $(ARGS)

test-kind: $(DEVELOPMENT) ## Play the story on a kind cluster (needs Docker and kind)
	ITER8_TEST_KIND=1 $(BIN)/python -m pytest -n 0 tests/kind $(ARGS)

check: lint ## The static checks: ruff, mypy --strict, import-linter
	$(BIN)/mypy
	$(BIN)/lint-imports

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(DEVELOPMENT) ## Measure speed, as ratios within one run
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(DEVELOPMENT) ## Take the pictures of the docs anew (needs Chromium)
	$(BIN)/python -m tests.web.screenshots

proto: $(DEVELOPMENT) ## Generate the gRPC code from abn.proto
	$(BIN)/python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. --grpc_python_out=. iter8_gitops/serving/abn/abn.proto

lock: ## Pin every dependency again, with hashes (needs uv)
	uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements/runtime.txt
	uv pip compile pyproject.toml --upgrade --group dev --constraint requirements/runtime.txt --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements/dev.txt
	printf "redis\n" | uv pip compile - --upgrade --constraint requirements/runtime.txt --constraint requirements/dev.txt --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements/redis.txt
	printf "hatchling\neditables\n" | uv pip compile - --upgrade --constraint requirements/dev.txt --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements/build.txt

clean: ## Remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "iter8-gitops needs Python 3.11 or newer; say which with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# hatchling builds the editable install; it is pinned with the rest, so that nothing is fetched unpinned.
$(RUNTIME): $(VENV)/bin/python pyproject.toml requirements/runtime.txt requirements/build.txt
	$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(DEVELOPMENT): $(RUNTIME) requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
