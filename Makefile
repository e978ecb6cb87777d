# Media Chat's commands. `make` alone lists them; `make run` is all that is needed to try it.

PORT ?= 8000
WORKERS ?= 1
PYTHON ?= python3
BIN := .venv/bin
EXTENSION := extensions/vscode

.PHONY: help run prepare dev dev-server dev-extension serve format check check-extension vsix lock bench chaos
.PHONY: test test-page test-extension test-alone test-copy test-sqlite test-postgres test-mongodb
.PHONY: test-sqlite-near test-sqlite-far test-sqlite-databases test-mongodb-near test-mongodb-far
.PHONY: coverage coverage-server coverage-page screenshots needs-python needs-node needs-test-tools

## help: lists the commands
help:
	@echo "make run starts the chat. All commands:"
	@awk '/^## / { sub(/^## /, ""); colon = match($$0, /^[a-z-]+: /) ? RLENGTH : 0; \
		printf "  %-18s %s\n", substr($$0, 1, colon), substr($$0, colon + 1) }' $(MAKEFILE_LIST)

## run: starts the chat on this machine, with nothing else to install (PORT=8000)
run: export DEBUG = 1
run: .venv/installed node_modules/installed
	@exec $(BIN)/python manage.py prepare --port $(PORT) --runserver

## dev: starts the chat for those who change it: Python, templates, static files and the extension are
## built and loaded again when they are saved (PORT=8000)
dev: export DEBUG = 1
dev: export RELOAD = 1
dev: .venv/installed-dev node_modules/installed-dev $(EXTENSION)/node_modules/installed
	@$(BIN)/python manage.py prepare --port $(PORT)
	@exec $(MAKE) --no-print-directory --jobs=2 dev-server dev-extension

## prepare: installs what developers need and migrates the database in var/
prepare: export DEBUG = 1
prepare: .venv/installed-dev node_modules/installed-dev $(EXTENSION)/node_modules/installed
	@$(BIN)/python manage.py migrate --verbosity 0

dev-server:
	@exec $(BIN)/python manage.py runserver $(PORT)

dev-extension:
	@cd $(EXTENSION) && exec node esbuild.mjs --watch

## serve: starts the production server (PORT=8000 WORKERS=1); settings come from the environment
serve: export WEB_CONCURRENCY = $(WORKERS)
serve: .venv/installed node_modules/installed
	@$(BIN)/python manage.py prepare --production --port $(PORT)
	@exec $(BIN)/python -m mediachat.server --host $${HOST:-127.0.0.1} --port $(PORT)

## test: all tests, the longest parts first; `make -j4 --output-sync test` does four at a time
test: check check-extension test-extension test-sqlite-far test-sqlite-near test-postgres test-sqlite-databases test-mongodb-far test-mongodb-near test-page
	@$(MAKE) --no-print-directory test-alone

## test-page: tests of the page's modules by themselves
test-page: node_modules/installed-dev
	node --test $(PAGE_TESTS)

PAGE_TESTS = $(shell find tests/js -name '*.test.js')

## test-sqlite: the server's tests, and those in a browser (TESTS=tests/chat for some)
test-sqlite: .venv/installed-dev node_modules/installed-dev $(EXTENSION)/node_modules/installed needs-test-tools
	$(BIN)/pytest $(TESTS)

# Much of the time is spent waiting, and an emulator has one core's worth of work in it: parts side
# by side are done in half the time. What measures the machine waits until it has it to itself.
NEAR := tests/accounts tests/browser tests/chat
FAR := $(NEAR:%=--ignore=%) --ignore=tests/databases

test-sqlite-near test-sqlite-far test-sqlite-databases: .venv/installed-dev node_modules/installed-dev $(EXTENSION)/node_modules/installed needs-test-tools
	$(BIN)/pytest -m "not alone" $(PART)

test-sqlite-near: PART := $(NEAR)
test-sqlite-far test-mongodb-far: PART := $(FAR)
test-sqlite-databases: PART := tests/databases
test-mongodb-near: PART := $(NEAR) tests/databases

## test-postgres: the tests that meet the database, on Debian's PostgreSQL or that of TEST_POSTGRES_URL
## test-mongodb: the same on MongoDB, that of TEST_MONGODB_URL, else an emulator (WHOLE=1 for all tests)
test-postgres test-mongodb: .venv/installed-dev node_modules/installed-dev needs-test-tools
	$(BIN)/python -m tests.databases $(@:test-%=%) $(or $(TESTS),-m "not alone")

test-mongodb-near test-mongodb-far: .venv/installed-dev node_modules/installed-dev needs-test-tools
	$(BIN)/python -m tests.databases mongodb -m "not alone" $(PART)

## test-copy: copies 100,000 messages through all three databases and back; takes its time
test-copy: .venv/installed-dev
	COPY_MESSAGES=100000 $(BIN)/pytest --capture=no tests/databases/test_copy.py

## chaos: kills, pauses, cuts off and fills up parts at random for an hour (HOURS=3, MINUTES=10; SEED=7
## TOPOLOGY=cluster repeats one campaign), and fails if anything acknowledged was lost
chaos: .venv/installed-dev needs-test-tools
	$(BIN)/python -m tests.system.chaos \
		--minutes $(or $(MINUTES),$(if $(HOURS),$$(( $(HOURS) * 60 )),60)) \
		$(if $(SEED),--seed $(SEED)) $(if $(TOPOLOGY),--topology $(TOPOLOGY))

# What Prettier formats, in the page and in the extension; .prettierignore lists exceptions.
FORMATTED := static tests eslint.config.js deploy benchmarks/competitors $(EXTENSION)

## format: formats Python with Ruff, and JavaScript, TypeScript and CSS with Prettier
format: .venv/installed-dev node_modules/installed-dev
	$(BIN)/ruff format .
	node_modules/.bin/prettier --write --log-level=warn $(FORMATTED)

## coverage: tells what no test reaches, in artefacts/coverage/
## coverage-server: the same for the server alone (TESTS=tests/chat for some of its tests)
## coverage-page: the same for the page's modules alone
coverage: coverage-server coverage-page

coverage-server: .venv/installed-dev node_modules/installed-dev $(EXTENSION)/node_modules/installed needs-test-tools
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not alone" $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report

coverage-page: node_modules/installed-dev
	node_modules/.bin/c8 --all --src static --include static/chat --reporter html --reporter text \
		--reports-dir artefacts/coverage/page node --test $(PAGE_TESTS)

## check: formats, style, types, imports and migrations; quick, runs no test
check: .venv/installed-dev node_modules/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	node_modules/.bin/tsc -p tsconfig.json
	node_modules/.bin/eslint static tests/js eslint.config.js --no-error-on-unmatched-pattern
	node_modules/.bin/prettier --check --log-level=warn $(FORMATTED)
	$(BIN)/djlint templates --lint --quiet

## vsix: builds the VS Code extension, extensions/vscode/media-chat.vsix
vsix: node_modules/installed-dev $(EXTENSION)/node_modules/installed
	cd $(EXTENSION) && node esbuild.mjs && npm run --silent package

## check-extension: the extension's types and style
check-extension: node_modules/installed-dev $(EXTENSION)/node_modules/installed
	cd $(EXTENSION) && node_modules/.bin/tsc -p tsconfig.json && node_modules/.bin/eslint .

## test-alone: tests that measure time and memory, on a machine that does nothing else meanwhile
test-alone: vsix .venv/installed-dev node_modules/installed-dev needs-test-tools
	$(BIN)/pytest -m alone
	$(BIN)/python -m tests.databases postgres -m alone
	cd $(EXTENSION) && node test/workbench/run.mjs speed

## test-extension: the extension's parts by themselves, then all of it in a real VS Code workbench
test-extension: vsix needs-test-tools .venv/installed-dev
	cd $(EXTENSION) && node esbuild.mjs --tests && node --test $$(ls dist/test/*.test.mjs)
	cd $(EXTENSION) && node test/workbench/run.mjs

## screenshots: takes the README's pictures again
screenshots: .venv/installed-dev node_modules/installed-dev needs-test-tools
	$(BIN)/pytest --quiet tests/browser/test_screenshots.py
	$(BIN)/python -m tests.browser.readme_images
	$(MAKE) vsix && cd $(EXTENSION) && SCREENSHOTS=1 node test/workbench/run.mjs looks

$(EXTENSION)/node_modules/installed: $(EXTENSION)/package-lock.json | needs-node
	@echo "Installing what builds the extension ..."
	@cd $(EXTENSION) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

## bench: measures Media Chat beside other chats (ONLY=fanout for one; QUICK=1 for a trial)
bench: .venv/installed-bench .venv-synapse/installed benchmarks/competitors/node_modules/installed \
		node_modules/installed
	@for each in ejabberdctl prosody nginx redis-server curl; do \
		command -v $$each >/dev/null || missing="$$missing $$each"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ]; then \
		RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			ejabberd prosody lua-dbi-sqlite3 nginx redis-server curl; fi
	$(BIN)/python -m benchmarks $(ONLY) $(if $(QUICK),--quick)

.venv/installed: requirements/base.txt | needs-python
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the server's parts ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/installed-dev: requirements/dev.txt | needs-python
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the server's parts and what tests them ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch .venv/installed $@

.venv/installed-bench: requirements/bench.txt | needs-python
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the server's parts and what measures them ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-synapse/installed: benchmarks/competitors/synapse/requirements.txt | needs-python
	@test -x .venv-synapse/bin/python || $(PYTHON) -m venv .venv-synapse
	@.venv-synapse/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

benchmarks/competitors/node_modules/installed: benchmarks/competitors/package-lock.json | needs-node
	@cd benchmarks/competitors && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/installed: package-lock.json | needs-node
	@echo "Installing the page's parts ..."
	@npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/installed-dev: package-lock.json | needs-node
	@echo "Installing the page's parts and what tests them ..."
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch node_modules/installed $@

## lock: writes the lock files, after a change of dependencies in pyproject.toml or package.json
lock:
	@command -v uv >/dev/null || $(call need,Locking needs uv: pip install uv)
	$(LOCK) -o requirements/base.txt
	$(LOCK) --extra dev -o requirements/dev.txt
	$(LOCK) --extra dev --extra bench -o requirements/bench.txt
	uv pip compile $(UNIVERSAL) benchmarks/competitors/synapse/requirements.in \
		-o benchmarks/competitors/synapse/requirements.txt
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund
	cd $(EXTENSION) && npm install --package-lock-only --ignore-scripts --no-audit --no-fund

LOCK = uv pip compile $(UNIVERSAL) pyproject.toml --extra mongodb --extra postgres --extra s3
UNIVERSAL := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

# What has to be on the machine, and how to get it.

need = { echo "$(1)" >&2; exit 1; }

needs-python:
	@command -v $(PYTHON) >/dev/null || $(call need,Python 3.11 or newer is needed. On Debian: apt-get install python3 python3-venv)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || $(call need,Python 3.11 or newer is needed; $(PYTHON) is older. Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12)
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || $(call need,Python's venv module is missing. On Debian: apt-get install python3-venv)

GET_NODE := On Debian 13: apt-get install nodejs npm. Debian 12 has Node.js 18 only: unpack the Linux archive of nodejs.org into /usr/local as README.md says

needs-node:
	@command -v node >/dev/null && command -v npm >/dev/null || $(call need,Node.js 20 or newer and npm are needed. $(GET_NODE))
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || $(call need,Node.js 20 or newer is needed; this is older. $(GET_NODE))

needs-test-tools:
	@command -v redis-server >/dev/null || $(call need,The tests run a Redis server. On Debian: apt-get install redis-server)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || $(call need,The tests drive Chromium. On Debian: apt-get install chromium)
