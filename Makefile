# The two commands: `make demo` and `make test`. Everything else is in CONTRIBUTING.md.
# Paths are relative throughout, so that the checkout may lie anywhere, spaces included.

PYTHON ?= python3
VENV ?= .venv
PROCESSES ?= 2
PYTHONS = 3.10 3.11 3.12 3.13
TORCH = 2.13.0

IN = $(VENV)/bin/python
SCRIPTS = examples/scripts
CONFIGS = examples/configs

.PHONY: demo notebooks pictures test coverage kernels test-kernels browser test-browser chromium faults pythons pure check bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	@echo
	@echo "== A script nobody changed, with a config file, in this process"
	$(VENV)/bin/kogine run $(SCRIPTS)/train_digits.py --config $(CONFIGS)/train_digits_static.py
	@echo
	@echo "== The same script, with settings from the command line, in a new interpreter"
	$(VENV)/bin/kogine run $(SCRIPTS)/train_digits.py --set solver=ADAM --set epochs=5 --launcher fresh

# All tests but those that take minutes.
test: $(VENV)/.test $(VENV)/.torch
	@cat $(VENV)/.torch
	@$(IN) -m pytest -q -n $(PROCESSES) -m "not slow and not browser"

# The same, measured by branch in child processes, too: that takes half as long again.
coverage: $(VENV)/.test $(VENV)/.torch
	@$(IN) -m coverage erase
	@status=0; \
	$(IN) -m coverage run -m pytest -q -n $(PROCESSES) -m "not slow and not browser" || status=$$?; \
	$(IN) -m coverage combine -q && $(IN) -m coverage report || status=1; \
	rm -f .coverage.*; \
	exit $$status

# What takes minutes: hundreds of kills, gigabytes of output.
faults: $(VENV)/.test
	@$(IN) -m pytest -q -n $(PROCESSES) -m slow

# The tests that start no process, on each other Python that this machine has.
pythons: $(VENV)/bin/python
	@find_python() { \
		for candidate in "python$$1" "$$(pyenv root 2>/dev/null)/versions/$$1".*/bin/python; do \
			"$$candidate" -c "import sys, venv, ensurepip; \
				sys.exit('%d.%d' % sys.version_info[:2] != '$$1')" 2>/dev/null \
				&& { echo "$$candidate"; return; }; \
		done; \
		return 1; \
	}; \
	here=$$($(IN) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	failed=; \
	for version in $(PYTHONS); do \
		if [ "$$version" = "$$here" ]; then \
			continue; \
		elif python=$$(find_python "$$version"); then \
			echo "== Python $$version ($$python): the tests that start no process"; \
			$(MAKE) --no-print-directory pure VENV=.venv-$$version PYTHON="$$python" \
				|| failed="$$failed $$version"; \
		else \
			echo "== Python $$version isn't on this machine: not tested"; \
		fi; \
	done; \
	if [ -n "$$failed" ]; then echo "failed on Python$$failed"; exit 1; fi

pure: $(VENV)/.pure
	@$(IN) -m pytest -q -n $(PROCESSES) -m "not process and not slow and not browser"

# What talks to a kernel, on the oldest ones that are supported, in an environment of their own.
kernels:
	@$(MAKE) --no-print-directory test-kernels VENV=.venv-kernels

test-kernels: $(VENV)/.kernels
	@$(IN) -m pip list 2>/dev/null | grep -E "^(ipykernel|ipython) "
	@$(IN) -m pytest -q -n $(PROCESSES) -m "not slow and not browser" tests/jupyter

# JupyterLab in Chromium, in an environment of its own.
browser: chromium
	@$(MAKE) --no-print-directory test-browser VENV=.venv-browser

test-browser: $(VENV)/.browser
	@$(IN) -m pytest -q -rs -m browser tests/browser

# The notebooks' outputs, and the pictures of the documentation: to be looked at, and committed,
# when a display has changed.
notebooks: $(VENV)/.test
	@$(IN) tests/execute_notebooks.py

pictures: chromium
	@$(MAKE) --no-print-directory .venv-browser/.browser VENV=.venv-browser
	@.venv-browser/bin/python -m pytest -q tests/browser/pictures.py

# Debian's own, where this may be installed; tests in a browser are skipped where there is none.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		echo "installing chromium"; \
		log=$$(mktemp); \
		{ apt-get install -y chromium || { apt-get update && apt-get install -y chromium; }; } \
			>"$$log" 2>&1 </dev/null || \
			echo "chromium can't be installed here, and the tests in a browser are skipped:" \
				"$$(tail -n 1 "$$log")"; \
		rm -f "$$log"; \
	}

# Format, types, and a wheel that works in an environment of its own.
check: $(VENV)/.test
	@echo "== black"
	@$(IN) -m black --check --quiet --diff .
	@echo "== mypy"
	@$(IN) -m mypy
	@echo "== wheel"
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(IN) -m pip wheel -qq --no-deps -w "$$folder" . && \
	$(IN) -m venv "$$folder/venv" && \
	"$$folder/venv/bin/python" -m pip install -qq "$$folder"/*.whl && \
	cd "$$folder" && venv/bin/kogine --version

# In an environment of its own, installed as users install it: what lies in site-packages costs time.
bench:
	@test -x .venv-bench/bin/python || \
		$(MAKE) --no-print-directory .venv-bench/bin/python VENV=.venv-bench
	@.venv-bench/bin/python -m pip install -qq ".[bench]"
	@.venv-bench/bin/python -m benchmarks --configs --flows --warm --notebook

clean:
	rm -rf .venv .venv-bench .venv-kernels .venv-browser .venv-3.* .coverage .coverage.* .mypy_cache .pytest_cache .hypothesis

# ---- virtual environments: made once, brought up to date when pyproject.toml changes ----
# Tests use a small part of what is installed: Python compiles that part when it is imported.

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		echo "KohakuEngine needs Python 3.10 or newer, which $(PYTHON) isn't here:" \
			"name one, e.g. make PYTHON=python3.12"; exit 1; }
	@echo "making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(IN) -m pip install -qq "pip>=23"

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	@echo "installing kohakuengine[demo] into $(VENV)"
	@$(IN) -m pip install -qq -e ".[demo]"
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@echo "installing kohakuengine[test] into $(VENV)"
	@$(IN) -m pip install -qq --no-compile -e ".[test]"
	@touch $(VENV)/.demo $@

$(VENV)/.pure: pyproject.toml | $(VENV)/bin/python
	@echo "installing kohakuengine[test-pure] into $(VENV)"
	@$(IN) -m pip install -qq --no-compile -e ".[test-pure]"
	@touch $@

$(VENV)/.kernels: pyproject.toml | $(VENV)/bin/python
	@echo "installing kohakuengine[test-kernels] into $(VENV)"
	@$(IN) -m pip install -qq --no-compile -e ".[test-kernels]"
	@touch $@

$(VENV)/.browser: pyproject.toml | $(VENV)/bin/python
	@echo "installing kohakuengine[browser] into $(VENV)"
	@$(IN) -m pip install -qq --no-compile -e ".[browser]"
	@touch $@

# On Linux only the CPU build will do: the plain name would bring gigabytes of CUDA libraries.
$(VENV)/.torch: $(VENV)/.test
	@case $$(uname -s) in Linux) build=$(TORCH)+cpu ;; *) build=$(TORCH) ;; esac; \
	echo "looking for torch $$build"; \
	if $(IN) -m pip install -q --no-compile --only-binary=:all: "torch==$$build" >$(VENV)/torch.log 2>&1; \
	then echo "torch $$build is installed" >$@; \
	else echo "torch is left out, and tests that need it are skipped:" \
		"$$(grep -i error $(VENV)/torch.log | tail -n 1)" >$@; \
	fi
