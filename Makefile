# Run "make" or "make help" for the list of targets. Only Go, git and make are needed: every tool is built
# from source into bin/, at the version that hack/ pins.

# Image of the manager, with a tag, a digest or both; for image, build-installer, chart and deploy.
IMG ?=
# Version that the manager reports.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

LOCALBIN := $(CURDIR)/bin
CONTROLLER_GEN := $(LOCALBIN)/controller-gen
CRD_REF_DOCS := $(LOCALBIN)/crd-ref-docs
BENCHSTAT := $(LOCALBIN)/benchstat
GOLANGCI_LINT := $(LOCALBIN)/golangci-lint
KUBECTL := $(LOCALBIN)/kubectl
DEMO := $(LOCALBIN)/demo/demo

# Files that are generated and committed; verify compares them.
GENERATED := config/crd/bases config/rbac/role.yaml config/karmada/instance/role.yaml api/v1alpha1/zz_generated.deepcopy.go docs/api docs/metrics.md charts

# Go modules of this repository.
MODULES := . hack/tools hack/tools/actionlint hack/tools/lint hack/controlplane/kubernetes hack/controlplane/policy-controller \
	hack/controlplane/policy-controller/v0.13 hack/controlplane/policy-controller/v0.15 \
	hack/controlplane/karmada hack/controlplane/registry hack/controlplane/cosign hack/controlplane/cosign/v3 \
	hack/controlplane/helm hack/controlplane/prometheus test/tools/cueverdict test/tools/cueverdict/v0.15 \
	test/tools/interpret test/tools/argocd test/tools/flux test/tools/browser

# Arguments of go test in all tiers, for example GO_TEST_ARGS='-run TestFaults -v', and arguments of the test programs.
GO_TEST_ARGS ?=
TEST_ARGS ?=
# The race detector, for the unit and the API server tier. It needs cgo, and thus a C compiler: without one it is off.
RACE ?= $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
# Limits for a test that hangs: it then fails with the stacks of its goroutines. No test takes nearly as long.
TEST_TIMEOUT ?= 20m
E2E_TIMEOUT ?= 60m
# Flags of the manager, for run.
RUN_ARGS ?=
# Flags of the demo, for demo and demo-fleet: -short-lived while tests run that need its ports.
DEMO_ARGS ?=

SHELL := /usr/bin/env bash -o pipefail
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help

##@ General

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "; printf "Usage: make \033[36m<target>\033[0m\n"} \
		/^##@ / {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_-]+:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(DEMO) ## Start a cluster with everything on this machine and show what it does; the cluster keeps running.
	@exec $(DEMO) $(DEMO_ARGS) run

.PHONY: demo-fleet
demo-fleet: $(DEMO) ## Start a Karmada control plane with two member clusters and show a staged rollout; they keep running.
	@exec $(DEMO) $(DEMO_ARGS) fleet

.PHONY: demo-down
demo-down: ## Stop what a demo left running.
	@if [[ -e $(DEMO) ]]; then exec $(DEMO) down; else echo "▸ nothing is running"; fi

##@ Development

.PHONY: run
run: manifests generate ## Run the manager of the work tree against the cluster of the current kubeconfig, which needs make install.
	@go run ./cmd/manager --leader-elect=false --zap-devel --zap-log-level=4 $(RUN_ARGS)

.PHONY: manifests
manifests: | $(CONTROLLER_GEN) ## Generate the CRD from api/ and the manager's roles from the markers in controllers/.
	@$(CONTROLLER_GEN) crd rbac:roleName=karmada-image-trust-manager paths=./api/... paths=./controllers \
		output:crd:artifacts:config=config/crd/bases output:rbac:artifacts:config=config/rbac
# The instance on a Karmada control plane has a role of its own.
	@$(CONTROLLER_GEN) rbac:roleName=karmada-image-trust-control-plane paths=./controllers/fleet/... \
		output:rbac:artifacts:config=config/karmada/instance
	@$(MAKE) --no-print-directory charts

.PHONY: charts
charts: ## Generate the Helm chart from config/.
	@go run ./hack/chart

.PHONY: generate
generate: | $(CONTROLLER_GEN) ## Generate deep copies of the API types.
	@$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: docs
docs: | $(CRD_REF_DOCS) ## Generate the references of the API and of the metrics, docs/api/v1alpha1.md and docs/metrics.md.
	@$(CRD_REF_DOCS) --log-level=ERROR --source-path=api --config=hack/crd-ref-docs/config.yaml \
		--templates-dir=hack/crd-ref-docs/templates --renderer=markdown --output-path=docs/api/v1alpha1.md
	@go run ./hack/metricsdocs > docs/metrics.md

.PHONY: fmt
fmt: | $(GOLANGCI_LINT) ## Format the code and sort its imports.
	@$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	@go vet ./...

.PHONY: lint
lint: | $(GOLANGCI_LINT) ## Run the linters, which include the import rules of the packages, and the API linter.
	@$(GOLANGCI_LINT) run
	@$(GOLANGCI_LINT) run --config=.golangci-kal.yml ./api/...

.PHONY: lint-fix
lint-fix: | $(GOLANGCI_LINT) ## Fix what the linters can fix.
	@$(GOLANGCI_LINT) run --fix
	@$(GOLANGCI_LINT) run --config=.golangci-kal.yml --fix ./api/...

.PHONY: lint-config
lint-config: | $(GOLANGCI_LINT) ## Check the configuration of the linters.
	@$(GOLANGCI_LINT) config verify
	@$(GOLANGCI_LINT) config verify --config=.golangci-kal.yml

.PHONY: tidy
tidy: ## Tidy every go.mod.
	@for module in $(MODULES); do go mod -C $$module tidy; done

.PHONY: verify
verify: generate manifests docs lint-config lint ## Check everything except the tests: generated files, formatting, lint, go.mod.
	@for module in $(MODULES); do \
		go mod -C $$module tidy -diff || { echo "verify: $$module/go.mod is not tidy: run make tidy"; exit 1; }; \
	done
	@changed="$$(git status --porcelain -- $(GENERATED))"; \
	if [[ -n "$$changed" ]]; then \
		git --no-pager diff -- $(GENERATED); \
		echo "$$changed"; \
		echo "verify: generated files differ from what is committed: run make generate manifests docs, and commit these"; \
		exit 1; \
	fi
	@echo "verify: no differences"

##@ Tests

# Packages by what their tests start. go list prints the imports of the tests, so no list is kept by hand.
PACKAGES_WITH_TESTS = go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.TestImports}} {{.XTestImports}}{{end}}' ./...
STARTS_PROGRAMS := /test/(lab/(controlplane|gitops|harness|interpret|karmada|policycontroller|registry|tool)|lab[] ]|suites|demo)
UNIT_PACKAGES = $$($(PACKAGES_WITH_TESTS) | grep -vE '$(STARTS_PROGRAMS)' | cut -d' ' -f1)
API_PACKAGES = $$($(PACKAGES_WITH_TESTS) | grep -E '$(STARTS_PROGRAMS)' | cut -d' ' -f1 | grep -vE '/test/(lab|demo|suites/(e2e|karmada))(/|$$)')
LAB_PACKAGES = $$($(PACKAGES_WITH_TESTS) | grep -E '$(STARTS_PROGRAMS)' | cut -d' ' -f1 | grep -E '/test/lab(/|$$)')
GO_TEST = go test -json $(GO_TEST_ARGS)
SUMMARY := go run ./test/tools/summary

.PHONY: test
test: controlplane ## Run all tests: unit, API server, end-to-end, a fleet, and those of the other versions of policy-controller.
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory test-verifier
	@$(MAKE) --no-print-directory test-api
	@$(MAKE) --no-print-directory test-e2e
	@$(MAKE) --no-print-directory test-karmada
	@$(MAKE) --no-print-directory test-versions

.PHONY: test-unit
test-unit: race-hint ## Run the unit tests. They need no network and no other programs.
	@echo "▸ unit"
	@$(GO_TEST) -short $(RACE) -timeout=$(TEST_TIMEOUT) $$(printf '%s\n' $(UNIT_PACKAGES) | grep -vE '/internal/(verify|condition/child)$$') $(TEST_ARGS) | $(SUMMARY)
# The cryptography of the verifier takes minutes under the race detector: see test-verifier. The process that evaluates
# conditions has its limit of memory without the detector only, which takes several times as much itself.
	@$(GO_TEST) -short -timeout=$(TEST_TIMEOUT) ./internal/verify ./internal/condition/child $(TEST_ARGS) | $(SUMMARY)

.PHONY: test-verifier
test-verifier: race-hint ## Run whole what the unit tests run a part of: faults, mutations, real signatures, random events; and the verifier for races.
	@echo "▸ verifier, and passes"
	@$(GO_TEST) -timeout=$(TEST_TIMEOUT) -run='^(TestFaults|TestCorpus|TestMutations|TestLookalikes)$$' ./internal/verify $(TEST_ARGS) | $(SUMMARY)
	@$(GO_TEST) -timeout=$(TEST_TIMEOUT) -run='^TestIncrementalEqualsFull$$' ./controllers $(TEST_ARGS) | $(SUMMARY)
	@[[ -z "$(RACE)" ]] || $(GO_TEST) -short $(RACE) -timeout=$(TEST_TIMEOUT) ./internal/verify $(TEST_ARGS) | $(SUMMARY)

.PHONY: test-api
test-api: race-hint browser $(if $(KUBEBUILDER_ASSETS),,controlplane) ## Run the tests that need etcd and kube-apiserver, from KUBEBUILDER_ASSETS if that is set.
	@echo "▸ API server"
	@$(GO_TEST) $(RACE) -timeout=$(TEST_TIMEOUT) $(API_PACKAGES) $(TEST_ARGS) | $(SUMMARY)

.PHONY: browser
browser: ## Install Debian's Chromium, for the test of reports, if it is missing and this is Debian's root.
	@[[ -x /usr/bin/chromium ]] || { [[ "$$(id -u)" == 0 ]] && command -v apt-get >/dev/null \
		&& echo "▸ installing chromium" && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; } \
		|| echo "▸ chromium is missing: the test of reports in a browser is left out, or fails with CI=true"

.PHONY: test-e2e
test-e2e: controlplane ## Run the tests that need all components. KEEP_LAB=1 keeps those of a failed test running.
	@echo "▸ components of the lab"
	@$(GO_TEST) -timeout=$(TEST_TIMEOUT) $(LAB_PACKAGES) $(TEST_ARGS) | $(SUMMARY)
	@echo "▸ end-to-end"
# Never from the cache: these tests run programs that go test does not know of. Two at a time: while one suite holds the
# ports of policy-controller, the next one compiles and starts its control plane.
	@$(GO_TEST) -timeout=$(E2E_TIMEOUT) -count=1 -p=2 $$(go list ./test/suites/e2e/... | grep -v '/versions$$') $(TEST_ARGS) | $(SUMMARY)
	@echo "▸ demo"
# Alone, since it measures how long the demo takes.
	@$(GO_TEST) -timeout=$(E2E_TIMEOUT) -count=1 ./test/demo $(TEST_ARGS) | $(SUMMARY)

.PHONY: test-karmada
test-karmada: controlplane ## Run the tests that need a fleet: a Karmada control plane with members. KEEP_LAB=1 keeps that of a failed test running.
	@echo "▸ a fleet on Karmada"
	@$(GO_TEST) -timeout=$(E2E_TIMEOUT) -count=1 ./test/suites/karmada/... $(TEST_ARGS) | $(SUMMARY)

# When continuous integration began, in seconds since 1970, and after how many minutes of it test-versions is left out.
CI_BEGAN ?=
CI_MINUTES ?= 55

.PHONY: test-versions
test-versions: controlplane ## Run the tests that need the other versions of policy-controller.
	@if [[ -n "$(CI_BEGAN)" ]] && (( $$(date +%s) - $(or $(CI_BEGAN),0) > $(CI_MINUTES) * 60 )); then \
		echo "▸ NOT TESTED: the other versions of policy-controller, as more than $(CI_MINUTES) minutes have passed; run make test-versions"; \
	else \
		echo "▸ other versions of policy-controller"; \
		$(GO_TEST) -timeout=$(E2E_TIMEOUT) -count=1 ./test/suites/e2e/versions $(TEST_ARGS) | $(SUMMARY); \
	fi

.PHONY: lab-down
lab-down: ## Stop what KEEP_LAB=1 kept running.
	@found=; for pipe in "$${TMPDIR:-/tmp}"/image-trust-*/stop; do \
		if [[ -p $$pipe ]]; then found=1; echo "▸ stopping $${pipe%/stop}"; echo stop 1<>"$$pipe"; fi; \
	done; [[ -n $$found ]] || echo "▸ nothing is running"

.PHONY: coverage
coverage: ## Measure the statements that the unit tests cover, and write cover.out for go tool cover.
	@go test $(GO_TEST_ARGS) -timeout=$(TEST_TIMEOUT) -coverprofile=cover.out -coverpkg=./api/...,./cmd/...,./controllers/...,./internal/... \
		$(UNIT_PACKAGES) $(TEST_ARGS) >cover.log || { cat cover.log; rm -f cover.log; exit 1; }; rm -f cover.log
	@go tool cover -func=cover.out | awk '$$1 == "total:" {printf "figure: unit_coverage %s\n", $$NF}'

# Groups of figures to measure, separated by commas; all by default. WRITE=1 writes them to docs/benchmarks.md.
GROUPS :=
WRITE ?=

.PHONY: bench
bench: ## Measure what docs/benchmarks.md publishes, and print it as figures; GROUPS=a,b measures a part, WRITE=1 updates the document.
	@go build -o $(LOCALBIN)/bench ./test/bench
	@exec $(LOCALBIN)/bench --groups=$(GROUPS) $(if $(WRITE),--write)

# The commits that bench-compare compares, the packages, separated by commas (all by default), and how long each benchmark runs each
# of the ten times.
BASE ?=
HEAD ?= HEAD
PACKAGES ?=
BENCHTIME ?= 1s

.PHONY: bench-compare
bench-compare: | $(BENCHSTAT) ## Compare the Go benchmarks of the commits BASE and HEAD; fails if one takes more than 20 % more time, bytes or allocations.
	@go run ./test/bench/compare --base=$(BASE) --head=$(HEAD) --packages=$(PACKAGES) --benchtime=$(BENCHTIME) --benchstat=$(BENCHSTAT)

.PHONY: race-hint
race-hint:
	@[[ -n "$(RACE)" ]] || echo "▸ the race detector is off: it needs a C compiler"

.PHONY: envtest
envtest: ## Print how to get etcd and kube-apiserver without building them, for test-api.
	@echo "# Downloads released programs, for make test-api only:"
	@echo 'export KUBEBUILDER_ASSETS="$$(go run sigs.k8s.io/controller-runtime/tools/setup-envtest@release-$(ENVTEST_RELEASE) use -p path)"'

ENVTEST_RELEASE = $(shell go list -m -f '{{.Version}}' sigs.k8s.io/controller-runtime | sed -E 's/^v([0-9]+\.[0-9]+).*/\1/')

.PHONY: controlplane
controlplane: $(DEMO) ## Build the components that the tests and the demo start; the first time takes minutes.
	@exec $(DEMO) build

##@ Build

.PHONY: build
build: generate manifests ## Build the manager and the kubectl plugin, bin/manager and bin/kubectl-imagetrust.
	@for program in manager kubectl-imagetrust; do \
		CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -X main.version=$(VERSION)' -o $(LOCALBIN)/$$program ./cmd/$$program; \
	done

.PHONY: build-installer
build-installer: manifests ## Write the manifests of an installation to dist/install.yaml, with the image IMG.
	@mkdir -p dist
	@go run ./hack/installer --image=$(IMG) --output=dist/install.yaml
	@echo "wrote dist/install.yaml$(if $(IMG), for $(IMG))"

.PHONY: chart
chart: manifests ## Pack the Helm chart into dist/, as VERSION and with the image IMG.
	@mkdir -p dist
	@go run ./hack/chart --package=dist --version=$(VERSION) --image=$(IMG)

.PHONY: clean
clean: demo-down ## Remove what was built, including the control plane, which takes minutes to build again.
	@rm -rf $(LOCALBIN) dist cover.out

##@ Deployment

.PHONY: install
install: manifests | $(KUBECTL) ## Install the CRD into the cluster of the current kubeconfig.
	@$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: | $(KUBECTL) ## Remove the CRD, and thereby every KarmadaImageTrust.
	@$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: build-installer | $(KUBECTL) ## Install everything into the cluster of the current kubeconfig.
	@$(KUBECTL) apply --server-side -f dist/install.yaml

.PHONY: undeploy
undeploy: | $(KUBECTL) ## Remove everything, including every KarmadaImageTrust.
	@$(KUBECTL) delete --ignore-not-found -k config/default

##@ Dependencies

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CRD_REF_DOCS) $(BENCHSTAT) $(GOLANGCI_LINT) ## Build the tools into bin/.

# go build does not write a file that is up to date; touch makes it newer than its prerequisites.
$(CONTROLLER_GEN): hack/tools/go.mod hack/tools/go.sum
	@echo "▸ building $(@F)"
	@go build -C hack/tools -trimpath -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen && touch $@

$(CRD_REF_DOCS): hack/tools/go.mod hack/tools/go.sum
	@echo "▸ building $(@F)"
	@go build -C hack/tools -trimpath -o $@ github.com/elastic/crd-ref-docs && touch $@

$(BENCHSTAT): hack/tools/go.mod hack/tools/go.sum
	@echo "▸ building $(@F)"
	@go build -C hack/tools -trimpath -o $@ golang.org/x/perf/cmd/benchstat && touch $@

$(GOLANGCI_LINT): hack/tools/lint/go.mod hack/tools/lint/go.sum hack/tools/lint/main.go
	@echo "▸ building $(@F), with kube-api-linter"
	@go build -C hack/tools/lint -trimpath -o $@ . && touch $@

# Not with go run: it does not forward signals, and the supervisor of the demo runs the same program.
.PHONY: $(DEMO)
$(DEMO):
	@[[ -e $@ ]] || echo "▸ compiling the demo (some minutes the first time)"
	@go build -o $@ ./test/demo

$(KUBECTL):
	@$(MAKE) --no-print-directory controlplane

include hack/release/release.mk
