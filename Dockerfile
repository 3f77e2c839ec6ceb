# "make pin-base-images" replaces the tags by digests.
ARG BUILD_IMAGE=golang:1.26
ARG BASE_IMAGE=gcr.io/distroless/static:nonroot

FROM --platform=$BUILDPLATFORM $BUILD_IMAGE AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
WORKDIR /src
# Modules first: they change less often than the code.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /manager ./cmd/manager

# The base image has no shell and no package manager, only the certificates of public authorities.
FROM $BASE_IMAGE
COPY --from=build /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
