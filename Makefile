# The whole of it: `make run` shows the system at work, `make test` proves it. `make` lists the rest.

PYTHON ?= python3
PORT ?= 4566
AUTH ?=
CLOUD ?=
STACK ?=
export PORT AUTH CLOUD STACK
export PYTHONPATH := .:layers/core:layers/model
export SAM_CLI_TELEMETRY := 0

CLOUD_PYTHON := .local/venvs/cloud/bin/python
DEPLOY := .local/venvs/deploy/bin/python
LOCAL := .local/venvs/local/bin/python
DEV := .local/venvs/dev/bin/python
SAM := $(DEPLOY) -m samcli
ENVIRONMENTS = $(PYTHON) -m infra.local.environments

.DEFAULT_GOAL := help
.PHONY: help run test test-for faults lint format openapi build deploy stop reset logs invoke admin rotate-keys rotate-pseudonyms audit-verify lock train evaluate model-check model-explain model-learn model-try model-quantize model-reference bench sbom made python

help: ## what there is
	@echo 'make TARGET [NAME=value …]'
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /|/' | while IFS='|' read -r name text; do \
		printf '  %-15s %s\n' "$$name" "$$text"; done
	@echo 'PYTHON=python3.12 chooses the interpreter; all that is made lands in .local'

run: python ## the whole system on this machine, and one image through it [IMAGE=path PORT=4566 AUTH=true CLOUD=localstack]
	@$(ENVIRONMENTS) cloud deploy local
	@$(LOCAL) -m infra.local up
	@$(LOCAL) -m infra.demo $(if $(IMAGE),"$(IMAGE)")

test: lint ## every gate: lint, types, imports, template, unit, HTTP and stack tests [WORKERS=2 COVERAGE=true]
	@$(DEV) -m pytest --numprocesses $(or $(WORKERS),2) --no-loadscope-reorder $(if $(COVERAGE),--cov --cov-report=term)

test-for: python ## the tests that touch one file, without those of the whole stack [FILE=path]
	@$(ENVIRONMENTS) dev images
	@tests=$$($(DEV) -m tests.support.selection $(FILE)) && $(DEV) -m pytest $$tests

faults: python ## the fault cases of docs/faults.md, and lists of 10,000 items, in full size, which takes long
	@$(ENVIRONMENTS) dev
	@SCANWARD_FAULTS=full $(DEV) -m pytest tests/faults \
		tests/unit/functions/realtime/usecases/test_push_shuffled_stream.py \
		tests/unit/functions/realtime/usecases/test_connections_reconnects.py \
		tests/unit/functions/records/routes/test_care_read_units.py \
		tests/unit/scanward/stores/test_lists_clinic_read_units.py \
		tests/unit/scanward/stores/test_lists_read_units.py

lint: python ## ruff, mypy, import-linter, the OpenAPI document, sam validate
	@$(ENVIRONMENTS) cloud deploy dev images
	@$(DEV) -m ruff check .
	@$(DEV) -m ruff format --check .
	@$(DEV) -m mypy
	@$(DEV) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	@$(DEV) -m infra.openapi --check
	@$(DEV) -m infra.policy --check
	@$(DEV) -m infra.refusals --check
	@AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template template.yaml
	@AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template infra/observability.yaml

format: python ## ruff's fixes and layout
	@$(ENVIRONMENTS) dev
	@$(DEV) -m ruff check --fix .
	@$(DEV) -m ruff format .

openapi: python ## infra/openapi.json, from the routes; docs/policy.md and docs/refusals.md, from policy and reader
	@$(ENVIRONMENTS) dev
	@$(DEV) -m infra.openapi
	@$(DEV) -m infra.policy
	@$(DEV) -m infra.refusals

build: python ## layers and functions as AWS runs them, in .aws-sam
	@$(ENVIRONMENTS) deploy
	@PYTHON="$(CURDIR)/$(DEPLOY)" $(SAM) build

deploy: build ## to AWS, asking before it changes anything; parameters: samconfig.toml or ARGS='--parameter-overrides …'
	@echo 'Reference models read drawings alone, and are off unless ReferenceModels=on is among the parameters.'
	@$(SAM) deploy $(if $(wildcard .local/deployed-to-aws),,--guided) $(ARGS)
	@touch .local/deployed-to-aws

stop: made ## end the embedded cloud; its data stays
	@$(LOCAL) -m infra.local stop

reset: made ## end it and forget its data
	@$(LOCAL) -m infra.local reset

logs: made ## the embedded cloud's log, or a function's [FN=scans FOLLOW=1]
	@$(LOCAL) -m infra.local logs $(FN) $(if $(FOLLOW),--follow)

invoke: made ## send a sample event to the local stack [FN=scans EVENT=events/….json]
	@$(LOCAL) -m infra.local invoke "$(FN)" "$(EVENT)"

admin: made ## an administrator, with a password shown once [EMAIL=ada@example.org CLOUD=aws STACK=scanward]
	@$(LOCAL) -m infra.operations admin "$(EMAIL)"

rotate-keys: made ## a fresh key to sign tokens with; nobody is logged out [CLOUD=aws STACK=scanward]
	@$(LOCAL) -m infra.operations rotate-keys

rotate-pseudonyms: made ## other UIDs in the next de-identified copies of an account ACCOUNT=id [CLOUD=aws STACK=scanward]
	@$(LOCAL) -m infra.operations rotate-pseudonyms "$(ACCOUNT)"

audit-verify: made ## are the access logs whole? HEADS keeps their last seals for the next time [HEADS=path CLOUD=aws STACK=scanward]
	@$(LOCAL) -m infra.operations audit-verify $(if $(HEADS),--heads "$(HEADS)")

lock: python ## the locked requirements anew, from requirements/*.in
	@$(PYTHON) -m infra.local.locks

sbom: python ## what is deployed, as a CycloneDX document, and the licences of it, in .local/sbom
	@$(ENVIRONMENTS) shipped sbom
	@mkdir -p .local/sbom
	@.local/venvs/sbom/bin/cyclonedx-py environment .local/venvs/shipped/bin/python --output-reproducible \
		--of JSON -o .local/sbom/scanward.cdx.json
	@.local/venvs/sbom/bin/pip-licenses --python=.local/venvs/shipped/bin/python --with-license-file --no-license-path \
		--format=plain-vertical --output-file=.local/sbom/LICENSES.txt
	@echo 'In .local/sbom: scanward.cdx.json and LICENSES.txt'

train: python ## a reference model anew, from its seed [MODEL=chest_xray|chest_cancer|brain_tumor|kidney_stone]
	@$(ENVIRONMENTS) train images
	@.local/venvs/train/bin/python -m training train $(or $(MODEL),chest_xray) $(ARGS)

evaluate: python ## do the cards' numbers hold? Measures again, and fails if they differ [MODEL=brain_tumor]
	@$(ENVIRONMENTS) dev images
	@$(DEV) -m training evaluate $(MODEL)

model-check: python ## is a model fit to be served, and as it was? [DIR=models/mine IMAGE=path EXPECT=scores.json]
	@$(ENVIRONMENTS) dev
	@$(DEV) -m imaging.model_check "$(DIR)" $(if $(IMAGE),"$(IMAGE)") $(if $(EXPECT),--expect "$(EXPECT)")

model-learn: python ## gate, temperature and operating points from labelled images, as a new version [DIR=models/mine IMAGES=folder SENSITIVITY=0.95 OUT=new/mine]
	@$(ENVIRONMENTS) dev
	@$(DEV) -m training.learn $(if $(SENSITIVITY),--sensitivity "$(SENSITIVITY)") "$(DIR)" "$(IMAGES)" $(if $(OUT),"$(OUT)")

model-try: made ## a model on the running local stack, and an image through it [DIR=models/mine IMAGE=path, or DIR=models/mine REMOVE=true]
	@$(if $(REMOVE),,$(ENVIRONMENTS) dev && $(DEV) -m imaging.model_check "$(DIR)")
	@$(LOCAL) -m infra.local try "$(DIR)" $(if $(REMOVE),--remove)
	@$(if $(REMOVE),,$(LOCAL) -m infra.demo --model "$(notdir $(abspath $(DIR)))" "$(IMAGE)")

model-quantize: python ## a model in 8-bit integers, as a new version [DIR=models/mine IMAGES=folder OUT=new/mine]
	@$(ENVIRONMENTS) dev
	@$(DEV) -m training.quantize "$(DIR)" "$(IMAGES)" "$(OUT)"

model-explain: python ## a model with heat of its own, as a new version [DIR=models/mine OUT=new/mine]
	@$(ENVIRONMENTS) dev
	@$(DEV) -m training.explain "$(DIR)" $(if $(OUT),"$(OUT)")

model-reference: python ## what torchxrayvision says of samples, for a test to compare with
	@$(ENVIRONMENTS) reference
	@.local/venvs/reference/bin/python -m training.torchxrayvision_reference tests/data/torchxrayvision

bench: python ## the budgets, measured
	@$(ENVIRONMENTS) dev cloud
	@$(DEV) -m bench

made:
	@test -x $(LOCAL) || { echo 'Nothing has been run here yet: make run' >&2; exit 1; }

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or later is needed; `$(PYTHON)` is not that, or is not there.' >&2; \
		echo 'Name one: make PYTHON=/path/to/python3.12 …' >&2; exit 1; }
