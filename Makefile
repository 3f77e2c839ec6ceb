# Run "make" or "make help" for the list of targets. Nothing but Go, git and make is needed:
# every tool is built from source into bin/, at the version that hack/ pins.

# Image of the manager, for docker-build, build-installer and deploy.
IMG ?= controller:latest
# Version that the manager reports.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
CONTAINER_TOOL ?= docker

LOCALBIN := $(CURDIR)/bin
CONTROLLER_GEN := $(LOCALBIN)/controller-gen
CRD_REF_DOCS := $(LOCALBIN)/crd-ref-docs
GOLANGCI_LINT := $(LOCALBIN)/golangci-lint
KUBECTL := $(LOCALBIN)/kubectl
DEMO := $(LOCALBIN)/demo/demo

# What is generated and committed: verify compares these.
GENERATED := config/crd/bases config/rbac/role.yaml api/v1alpha1/zz_generated.deepcopy.go docs/api

# Go modules of this repository.
MODULES := . hack/tools hack/tools/lint hack/controlplane/kubernetes hack/controlplane/policy-controller \
	hack/controlplane/registry hack/controlplane/cosign

# A test that hangs fails, with the stacks of its goroutines; none should come near these.
TEST_TIMEOUT ?= 20m
E2E_TIMEOUT ?= 40m

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
demo: $(DEMO) ## Start everything on this machine and tell the story; leaves the cluster up.
	@exec $(DEMO) run

.PHONY: demo-down
demo-down: ## Stop what demo left up.
	@if [[ -e $(DEMO) ]]; then exec $(DEMO) down; else echo "▸ nothing is running"; fi

##@ Development

.PHONY: manifests
manifests: | $(CONTROLLER_GEN) ## Generate the CRD from api/ and the manager's role from the markers in controllers/.
	@$(CONTROLLER_GEN) crd rbac:roleName=karmada-image-trust-manager paths=./api/... paths=./controllers/... \
		output:crd:artifacts:config=config/crd/bases output:rbac:artifacts:config=config/rbac

.PHONY: generate
generate: | $(CONTROLLER_GEN) ## Generate deep copies of the API types.
	@$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: docs
docs: | $(CRD_REF_DOCS) ## Generate the API reference, docs/api/v1alpha1.md.
	@$(CRD_REF_DOCS) --log-level=ERROR --source-path=api --config=hack/crd-ref-docs/config.yaml \
		--templates-dir=hack/crd-ref-docs/templates --renderer=markdown --output-path=docs/api/v1alpha1.md

.PHONY: fmt
fmt: | $(GOLANGCI_LINT) ## Format the code and sort its imports.
	@$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	@go vet ./...

.PHONY: lint
lint: | $(GOLANGCI_LINT) ## Run the linters, which also guard the imports between packages, and the API linter.
	@$(GOLANGCI_LINT) run
	@$(GOLANGCI_LINT) run --config=.golangci-kal.yml ./api/...

.PHONY: lint-fix
lint-fix: | $(GOLANGCI_LINT) ## Let the linters repair what they can.
	@$(GOLANGCI_LINT) run --fix
	@$(GOLANGCI_LINT) run --config=.golangci-kal.yml --fix ./api/...

.PHONY: lint-config
lint-config: | $(GOLANGCI_LINT) ## Check the linters' configuration.
	@$(GOLANGCI_LINT) config verify
	@$(GOLANGCI_LINT) config verify --config=.golangci-kal.yml

.PHONY: tidy
tidy: ## Tidy every go.mod.
	@for module in $(MODULES); do go mod -C $$module tidy; done

.PHONY: verify
verify: generate manifests docs lint-config lint ## Check everything but the tests: generated files, formatting, lint, go.mod.
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
	@echo "verify: all is as committed"

.PHONY: controlplane
controlplane: $(DEMO) ## Build the control plane that the tests and the demo run; the first time takes minutes.
	@exec $(DEMO) build

# Packages by what their tests start; "go list" names the imports of tests, so nothing is kept by hand.
PACKAGES_WITH_TESTS = go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./...
STARTS_PROGRAMS := /test/(lab/(controlplane|harness|policycontroller|registry)|lab$$|suites|demo)

.PHONY: test
test: controlplane ## Run all tests: unit, API server and end-to-end.
	@echo "▸ unit"
	@go test -json -timeout=$(TEST_TIMEOUT) $$($(PACKAGES_WITH_TESTS) | grep -vE '$(STARTS_PROGRAMS)' | cut -d' ' -f1) \
		| go run ./test/tools/summary
	@echo "▸ API server and policy-controller"
	@go test -json -timeout=$(TEST_TIMEOUT) \
		$$($(PACKAGES_WITH_TESTS) | grep -E '$(STARTS_PROGRAMS)' | cut -d' ' -f1 | grep -vE '/test/(demo$$|suites/e2e/)') | go run ./test/tools/summary
	@echo "▸ end-to-end"
# Never from the cache: these tests run programs that go test does not know of.
	@go test -json -timeout=$(E2E_TIMEOUT) -count=1 ./test/suites/e2e/... ./test/demo | go run ./test/tools/summary

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane.
	@go test -timeout=$(TEST_TIMEOUT) $$($(PACKAGES_WITH_TESTS) | grep -vE '$(STARTS_PROGRAMS)' | cut -d' ' -f1)

##@ Build

.PHONY: build
build: generate manifests ## Build the manager and the kubectl plugin, bin/manager and bin/kubectl-imagetrust.
	@for program in manager kubectl-imagetrust; do \
		CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -X main.version=$(VERSION)' -o $(LOCALBIN)/$$program ./cmd/$$program; \
	done

.PHONY: docker-build
docker-build: ## Build the manager's image, IMG.
	@$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) -t $(IMG) .

.PHONY: build-installer
build-installer: manifests | $(KUBECTL) ## Write all that an installation needs to dist/install.yaml, with the image IMG.
	@mkdir -p dist
	@$(KUBECTL) kustomize config/default | sed 's|image: controller:latest$$|image: $(IMG)|' > dist/install.yaml
	@echo "wrote dist/install.yaml for $(IMG)"

.PHONY: clean
clean: demo-down ## Remove what was built; also the control plane, which takes minutes to build again.
	@rm -rf $(LOCALBIN) dist

##@ Deployment

.PHONY: install
install: manifests | $(KUBECTL) ## Install the CRD into the cluster of the current kubeconfig.
	@$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: | $(KUBECTL) ## Remove the CRD, and with it every KarmadaImageTrust.
	@$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: build-installer ## Install everything into the cluster of the current kubeconfig.
	@$(KUBECTL) apply --server-side -f dist/install.yaml

.PHONY: undeploy
undeploy: | $(KUBECTL) ## Remove everything, every KarmadaImageTrust included.
	@$(KUBECTL) delete --ignore-not-found -k config/default

##@ Dependencies

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CRD_REF_DOCS) $(GOLANGCI_LINT) ## Build the tools into bin/.

# go build leaves an up-to-date file alone; touch tells make that it is one.
$(CONTROLLER_GEN): hack/tools/go.mod hack/tools/go.sum
	@echo "▸ building $(@F)"
	@go build -C hack/tools -trimpath -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen && touch $@

$(CRD_REF_DOCS): hack/tools/go.mod hack/tools/go.sum
	@echo "▸ building $(@F)"
	@go build -C hack/tools -trimpath -o $@ github.com/elastic/crd-ref-docs && touch $@

$(GOLANGCI_LINT): hack/tools/lint/go.mod hack/tools/lint/go.sum hack/tools/lint/main.go
	@echo "▸ building $(@F), with kube-api-linter"
	@go build -C hack/tools/lint -trimpath -o $@ . && touch $@

# Not by go run: it passes no signal on, and the demo's supervisor runs the same program.
.PHONY: $(DEMO)
$(DEMO):
	@[[ -e $@ ]] || echo "▸ compiling the demo (some minutes the first time)"
	@go build -o $@ ./test/demo

$(KUBECTL):
	@$(MAKE) --no-print-directory controlplane
