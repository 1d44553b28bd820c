# The whole set-up of a new user: `make demo` or `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test quick check format bench docs clean

demo: .venv/.installed
	$(BIN)/netsitter fit digits

test: .venv/.installed
	$(BIN)/python -m pytest -n 2 --dist loadgroup

quick: .venv/.installed
	$(BIN)/python -m pytest -n 2 -m "not slow"

check: .venv/.installed
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(MAKE) test

format: .venv/.installed
	$(BIN)/ruff format src tests benchmarks docs
	$(BIN)/ruff check --fix src tests benchmarks docs

docs: .venv/.installed
	$(BIN)/python docs/generate.py

bench: .venv/.installed
	$(BIN)/python benchmarks/epoch.py
	$(BIN)/python -m benchmarks.speed.run --out bench.json
	$(BIN)/python -m benchmarks.speed.sizes
	$(BIN)/python -m benchmarks.speed.quality

.venv/.installed: pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

clean:
	rm -rf .venv
