# The README's commands. Each makes the environment it needs: a virtual environment in $(VENV) with
# the tested versions.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
REQUIREMENTS := setup.py pyproject.toml third_party/constraints.txt \
	$(wildcard third_party/requirements/*.txt)

# A target for each table, figure and study, named as its module with dashes (what begins with an
# underscore is shared): make adaloss-table1 [SCALE=quick|small|medium|paper].
SCALE ?= quick
DECLARED := $(wildcard experiments/papers/[a-z]*.py experiments/studies/[a-z]*.py)
EXPERIMENTS := $(subst _,-,$(basename $(notdir $(DECLARED))))

.PHONY: demo test lint format bench report docs $(EXPERIMENTS)
demo: $(VENV)/.export
	$(BIN)/python -m experiments.demo

test: $(VENV)/.test lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.input_pipeline
	$(BIN)/python -m benchmarks.imagenet_input
	$(BIN)/python -m benchmarks.train_step
	$(BIN)/python -m benchmarks.msdnet_step
	$(BIN)/python -m benchmarks.weighting_overhead
	$(BIN)/python -m benchmarks.side_by_side
	$(BIN)/python -m benchmarks.checkpoint_cost
	$(BIN)/python -m benchmarks.fault_drill
	$(BIN)/python -m benchmarks.anytime_latency
	$(BIN)/python -m benchmarks.wall_clock
	$(BIN)/python -m benchmarks.eann_workers
	$(BIN)/python -m benchmarks.service_load

$(EXPERIMENTS): %: $(VENV)/.core
	$(BIN)/python -m experiments.run --experiment=$* --scale=$(SCALE)

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

report: $(VENV)/.core
	$(BIN)/python -m experiments.report --readme=README.md

$(VENV)/.core: $(REQUIREMENTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint third_party/constraints.txt --editable .[train]
	touch $@

$(VENV)/.export $(VENV)/.test $(VENV)/.bench $(VENV)/.docs: $(VENV)/.%: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --constraint third_party/constraints.txt --editable .[$*]
	touch $@
