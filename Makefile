# make demo   set up, then place and report a real call on the embedded engine
# make demo-attach  the same with calls that a connector answers, and the appliance attaches to
# make test   set up, then run all tests
# make check  format, lint, types, import layers, tests
# make clean  remove what the above made

PYTHON := .venv/bin/python

.PHONY: demo demo-attach test check lint clean

demo: .venv/.ready-run
	$(PYTHON) -m sipagent demo

demo-attach: .venv/.ready-run
	$(PYTHON) -m sipagent demo --attached --folder demo-attach

# Four processes for two cores: tests wait for calls more than they compute. A file is run by one process;
# which come first, `tests/order.py` says, and not the number of their tests. What failed there (1 is pytest's exit
# code for that) is told, and run once more, alone: real calls of four processes share the machine with whatever
# else it does, and a fault fails both times.
test: .venv/.ready-dev
	$(PYTHON) -m pytest -n 4 --dist loadfile --no-loadscope-reorder || { [ $$? = 1 ] && \
	$(PYTHON) -m pytest -v --last-failed --last-failed-no-failures none --exitfirst; }

check: lint test

lint: .venv/.ready-dev
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports

clean:
	rm -rf .venv .peers demo demo-attach build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.ready-run: pyproject.toml scripts/setup.sh
	scripts/setup.sh run

.venv/.ready-dev: pyproject.toml scripts/setup.sh
	scripts/setup.sh dev
