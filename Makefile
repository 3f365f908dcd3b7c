# Everything runs in .venv, which the first command creates with the versions pinned in constraints.txt.

.DELETE_ON_ERROR:
.PHONY: demo test check torture bench clean constraints

# Bytecode makes every start four times faster.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PINS := pyproject.toml constraints.txt

ifndef PYTHON
PYTHON := $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
endif
UV := $(shell command -v uv 2>/dev/null)

demo: $(VENV)/.stamp-demo
	@$(BIN)/cc-tui demo

test: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest -n 4 --dist loadscope

check: $(VENV)/.stamp-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config walls.ini

# The long forms of what `make test` runs in short: an hour or more.
torture: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest --torture tests/reliability

bench: $(VENV)/.stamp-dev
	@$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Maintainers: resolve the pins again (needs uv).
constraints:
	uv pip compile --universal --upgrade --no-header --no-annotate --extra dev --extra postgres pyproject.toml -o constraints.txt

$(VENV)/.stamp-demo: $(PINS) | $(VENV)/.made
	$(call install,.[server])
	@touch $@

$(VENV)/.stamp-dev: $(PINS) | $(VENV)/.made
	$(call install,.[dev])
	@touch $@ $(VENV)/.stamp-demo

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed and none was found; install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make: $(PYTHON) is no Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(if $(UV),true,"$(PYTHON)" -c 'import ensurepip' 2>/dev/null) || { echo "make: $(PYTHON) has no ensurepip, so it can't make an environment; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Making $(VENV) with $(PYTHON) and installing what constraints.txt pins; only the first time."
	@$(if $(UV),"$(UV)" venv -q --seed --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" $(VENV),"$(PYTHON)" -m venv $(VENV))
	@touch $@

define install
	@$(if $(UV),"$(UV)" pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt -e '$(1)',$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '$(1)')
endef
