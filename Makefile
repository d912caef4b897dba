# Every target sets itself up: a virtual environment with pinned dependencies, and the
# exported graphs (cached by a hash of their sources). Needs Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)

# Tests and demo never report usage anywhere, whatever ONNX Runtime's default is.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: help setup graphs demo test lint unit serve fix proto check-proto wheel sbom audit clean
.PHONY: credentials image image-gpu check-image lock rules

help:
	@echo "make demo   export the graphs, stream the sample, print the report, tell an alert's story"
	@echo "make test   lint, types, import contracts and tests"
	@echo "make serve  run the server on 127.0.0.1:8001, metrics on 127.0.0.1:9464"
	@echo "make fix    format and mend what can be mended"
	@echo "make proto  generate the code of the contract"
	@echo "make wheel  build a wheel that carries the exported graphs"
	@echo "make sbom   list what the service is made of: dist/boxgauge.cdx.json (CycloneDX)"
	@echo "make audit  look up known faults of those versions (asks a service on the network)"
	@echo "make credentials  make certificates and tokens for docker/compose.yaml, once"
	@echo "make image        build the image; make image-gpu: for CUDA, not yet run on a GPU"
	@echo "make check-image  build the image, run it confined, drain it, and print a table"

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c constraints.txt 'torch==2.13.0'
	$(PIP) install --quiet -c constraints.txt -e '.[export,cpu,dev,examples,report]'
	rm -f $(VENV)/.installed-*
	touch $@

setup: $(STAMP)

graphs: setup
	$(BIN)/boxgauge export --out graphs

demo: graphs
	$(BIN)/python examples/demo.py

test: lint graphs check-proto unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code

# Neighbours share what their file sets up; who is done takes from who has a long test.
unit: setup graphs
	$(BIN)/pytest --numprocesses auto --dist worksteal

serve: graphs
	$(BIN)/boxgauge serve

fix: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd proto && ../$(BIN)/buf format --write

PROTOC = $(BIN)/python -m grpc_tools.protoc -I proto
PROTOS = proto/boxgauge/v1/*.proto proto/boxgauge/oip/*.proto

proto: setup
	$(PROTOC) --python_out=proto --pyi_out=proto --grpc_python_out=proto $(PROTOS)

# The committed code is what the committed contract generates.
check-proto: setup
	rm -rf $(VENV)/generated && mkdir -p $(VENV)/generated
	$(PROTOC) --python_out=$(VENV)/generated --pyi_out=$(VENV)/generated \
	    --grpc_python_out=$(VENV)/generated $(PROTOS)
	cd $(VENV)/generated && find . -name '*_pb2*' -exec cmp {} $(CURDIR)/proto/{} \;
	cd $(VENV)/generated && test -z "$$(find . -name '*_pb2*' ! -exec cmp -s {} $(CURDIR)/proto/{} \; -print)"

wheel: graphs
	rm -rf server/boxgauge/engine/graphs dist
	cp -r graphs server/boxgauge/engine/graphs
	$(PIP) install --quiet -c constraints.txt build
	$(BIN)/python -m build --wheel --outdir dist
	rm -rf server/boxgauge/engine/graphs

# What the image installs and nothing else: no tests, no torch, no pip.
RUNTIME := .venv-runtime
SUPPLY := .venv-supply

$(RUNTIME)/.installed: pyproject.toml constraints.txt docker/lock/cpu.txt
	rm -rf $(RUNTIME)
	$(PYTHON) -m venv --without-pip $(RUNTIME)
	$(PYTHON) -m pip --disable-pip-version-check --python $(RUNTIME)/bin/python install --quiet \
	    -c constraints.txt -c docker/lock/cpu.txt '.[cpu]'
	touch $@

$(SUPPLY)/.installed: Makefile
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip --disable-pip-version-check install --quiet \
	    'cyclonedx-bom==7.5.0' 'pip-audit==2.10.1'
	touch $@

sbom: $(RUNTIME)/.installed $(SUPPLY)/.installed
	mkdir -p dist
	$(SUPPLY)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
	    --output-reproducible --output-format JSON --output-file dist/boxgauge.cdx.json \
	    $(RUNTIME)/bin/python
	$(PYTHON) docker/check_sbom.py dist/boxgauge.cdx.json

# Strict: where the service on the network does not know a package, nothing was audited.
audit: $(RUNTIME)/.installed $(SUPPLY)/.installed
	$(PYTHON) -m pip --disable-pip-version-check --python $(RUNTIME)/bin/python \
	    freeze --exclude boxgauge > $(RUNTIME)/requirements.txt
	$(SUPPLY)/bin/pip-audit --strict --no-deps --disable-pip --desc off \
	    --requirement $(RUNTIME)/requirements.txt

# What is there already stays; docker/credentials.sh renews.
credentials: setup
	BOXGAUGE=$(BIN)/boxgauge docker/credentials.sh

image:
	docker build -f docker/Dockerfile -t boxgauge .

image-gpu:
	docker build -f docker/Dockerfile --target runtime-gpu -t boxgauge:gpu .

check-image: graphs
	PYTHON=$(BIN)/python docker/check-image.sh

# What the images install, and the rules as Kubernetes takes them: after a change of what they come from.
lock: setup
	$(BIN)/python docker/lock.py

rules: setup
	$(BIN)/python docker/prometheus/runbooks.py
	$(BIN)/python docker/kubernetes/rules.py \
	    > docker/kubernetes/components/prometheus-operator/prometheus-rule.yaml

clean:
	rm -rf $(VENV) $(RUNTIME) $(SUPPLY) graphs dist server/boxgauge/engine/graphs
