# make demo: the main job on the embedded lab. make test: all tests. Both set up what they need in .venv.
# make demo ENGINE=powershell: the same with the PowerShell module itself, which needs a PowerShell engine.
PYTHON ?= python3
TESTS ?=
ENGINE ?= python
BIN := .venv/bin
READY := .venv/.ready

# Hosts and VMs are processes that import much and start by the hundred: without bytecode on disk each compiles it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all bench lint clean

demo: $(READY)
	$(if $(filter powershell,$(ENGINE)),QSM_PWSH="$$(.ci/find-powershell)" )$(BIN)/qsm demo --engine $(ENGINE)

# Four at a time, since many tests wait; a file stays together, since its tests share hosts; the slow ones come first.
PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

# Tests that need a PowerShell engine say so when there is none. TESTS=tests/unit runs a part.
test: $(READY)
	QSM_PWSH="$$(.ci/find-powershell)" $(PYTEST) $(TESTS)

# And what costs most and repeats rules: how much of the module all tests execute; the contract of a host on the module with
# the cmdlets and the PowerShell of each version of Windows Server; the flows with all failures on hosts that run the module.
test-all: $(READY)
	$(MAKE) test QSM_MODULE_COVERAGE=.pytest_cache/module-coverage
	for windows in 2012R2 2016 2019 2022 2025; do \
	    QSM_LAB_WINDOWS=$$windows QSM_PWSH="$$(.ci/find-powershell)" $(PYTEST) -k powershell tests/contract/hosts || exit 1; \
	done
	QSM_LAB_ENGINE=powershell QSM_PWSH="$$(.ci/find-powershell)" $(PYTEST) tests/flows tests/faults tests/engine

# Ratios against an earlier commit, in one run; writes docs/benchmarks.md. Nothing else should run meanwhile.
BASELINE ?= 3878499
bench: $(READY)
	$(BIN)/python -m bench --baseline $(BASELINE) $(MEASURES)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev,lab]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
