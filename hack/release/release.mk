# The image and the artefacts of a release, see RELEASE.md. Equal commits make equal artefacts, with the same version of Go.

# The image that the manager's image is made from. "make pin-base-image" renews the digest.
BASE_IMAGE ?= gcr.io/distroless/static:nonroot@sha256:e2e927ec666bae08560abb3c55d0659eceabb657f56b6782ab500a9fc7f555e3
# Platforms of the image and of the plugin.
PLATFORMS ?= linux/amd64,linux/arm64
PLUGIN_PLATFORMS ?= linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64
# Where a release is published.
IMAGE_REPOSITORY ?= ghcr.io/karmada-io/karmada-image-trust
CHART_REPOSITORY ?= ghcr.io/karmada-io/charts
# The commit that is built, and its time, which everything in the artefacts has.
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
# Arguments of all cosign commands that sign. Without them cosign signs with the public Sigstore.
COSIGN_ARGS ?= --use-signing-config=false

RELEASE := go run ./hack/release
RELEASE_FACTS = --version=$(VERSION) --revision=$(REVISION) --epoch=$(SOURCE_DATE_EPOCH)
RELEASE_DIR := dist/release
COSIGN ?= $(LOCALBIN)/cosign-v3
HELM ?= $(LOCALBIN)/helm

##@ Release

.PHONY: image
image: ## Build the manager's image for PLATFORMS into dist/image, an OCI image layout, and push it to IMG if that is set.
	@$(RELEASE) image $(RELEASE_FACTS) --platforms=$(PLATFORMS) --base=$(BASE_IMAGE)
	@$(if $(filter command environment,$(firstword $(origin IMG))),$(RELEASE) push --tag=$(IMG))

.PHONY: pin-base-image
pin-base-image: build ## Pin the base image to its current digest, after verifying its signature.
	@tagged='$(firstword $(subst @, ,$(BASE_IMAGE)))'; \
	pinned="$$(printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: base}\nspec:\n  containers:\n  - name: base\n    image: %s\n' "$$tagged" \
		| $(LOCALBIN)/kubectl-imagetrust pin -f hack/release/base-image.yaml --manifests - | sed -nE 's/^ *image: //p')"; \
	[[ "$$pinned" == *@sha256:* ]] || { echo "pin-base-image: $$tagged is not pinned"; exit 1; }; \
	sed -i.orig -E "s|^BASE_IMAGE \?=.*|BASE_IMAGE ?= $$pinned|" hack/release/release.mk; \
	rm -f hack/release/release.mk.orig; grep '^BASE_IMAGE' hack/release/release.mk

.PHONY: release-artifacts
release-artifacts: ## Build the artefacts of the release VERSION into dist/release, and its image into dist/image. Nothing is pushed.
	@rm -rf $(RELEASE_DIR) && mkdir -p $(RELEASE_DIR)
	@$(RELEASE) image $(RELEASE_FACTS) --platforms=$(PLATFORMS) --base=$(BASE_IMAGE) \
		--sbom=$(RELEASE_DIR)/karmada-image-trust.spdx.json
	@image="$(IMAGE_REPOSITORY):$(VERSION)@$$($(RELEASE) digest)"; \
		go run ./hack/installer --image="$$image" --output=$(RELEASE_DIR)/install.yaml; \
		go run ./hack/chart --package=$(RELEASE_DIR) --version=$(VERSION) --image="$$image"
	@$(RELEASE) chart-sbom $(RELEASE_FACTS)
	@$(RELEASE) archives $(RELEASE_FACTS) --platforms=$(PLUGIN_PLATFORMS)
	@$(RELEASE) checksums

.PHONY: release-publish
release-publish: | $(COSIGN) $(HELM) ## Push the image and the chart of release-artifacts, sign and attest all, in a run of GitHub Actions.
	@$(RELEASE) publish --image=$(IMAGE_REPOSITORY):$(VERSION) --charts=$(CHART_REPOSITORY) --helm=$(HELM) \
		--cosign=$(COSIGN) --cosign-args="$(COSIGN_ARGS)"

.PHONY: release-login
release-login: | $(COSIGN) ## Log in to the registry of IMAGE_REPOSITORY as REGISTRY_USER with REGISTRY_PASSWORD, for release-publish.
	@printenv REGISTRY_PASSWORD | $(COSIGN) login $(firstword $(subst /, ,$(IMAGE_REPOSITORY))) --username="$$REGISTRY_USER" --password-stdin

.PHONY: release-github
release-github: ## Create a draft of the release VERSION on GitHub, with the artefacts and the section of CHANGELOG.md.
	@awk -v heading='## $(VERSION)' 'index($$0, "## ") == 1 {found = index($$0, heading) == 1} found' CHANGELOG.md > dist/notes.md
	@[[ -s dist/notes.md ]] || { echo "release-github: CHANGELOG.md has no section $(VERSION)"; exit 1; }
	@gh release create $(VERSION) --draft --verify-tag --title=$(VERSION) --notes-file=dist/notes.md \
		$(if $(findstring -,$(VERSION)),--prerelease) $(RELEASE_DIR)/*

$(COSIGN):
	@echo "▸ building cosign"
	@go build -C hack/controlplane/cosign/v3 -trimpath -o $@ github.com/sigstore/cosign/v3/cmd/cosign

$(HELM):
	@echo "▸ building helm"
	@go build -C hack/controlplane/helm -trimpath -o $@ helm.sh/helm/v3/cmd/helm
