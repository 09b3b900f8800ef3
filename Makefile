# The two commands of the README are `make run` and `make test`; both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
BIN := .venv/bin
export PYTHONPATH :=
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint format setup setup-dev benchmark fuzz validity lock clean

run: .venv/.run  ## set up and make the figures and tables
	$(BIN)/snakemake --cores $(CORES)

test: .venv/.dev lint  ## set up and run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: .venv/.dev  ## style of code and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

benchmark: .venv/.dev  ## cold run, no-op and one-center update, timed
	$(BIN)/python tests/benchmarks/run_times.py

fuzz: .venv/.dev  ## 3,760 seeded mutations of the extracts: each is recovered or reported
	$(BIN)/python tests/fuzz/run.py

validity: .venv/.dev  ## 8,000 simulated studies, each estimator against its own true value
	cd resources/simulated && OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(CURDIR)/$(BIN)/python -m kmm.validity

setup: .venv/.run
setup-dev: .venv/.dev

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/.dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch .venv/.run $@

lock:  ## needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements-dev.in -o requirements-dev.txt

clean:  ## remove what runs made; deliveries and configuration stay
	rm -rf results logs .snakemake
