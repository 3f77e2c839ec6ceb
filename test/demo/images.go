/*
Copyright 2026 The Karmada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// The images of the story, by the names of Karmada's own.
const (
	signedImage   = "docker.io/karmada/karmada-scheduler:v1.16.0"
	unsignedImage = "docker.io/karmada/karmada-dashboard-web:v0.2.0"
	intruderImage = "docker.io/karmada/karmada-scheduler:intruder"
)

const (
	releaseWorkflow = "dockerhub-released-image.yml"
	releaseRef      = "refs/tags/v1.16.0"
	releaseCommit   = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"
	// intruderRepository is a fork that anybody may make, with the same workflow.
	intruderRepository = "mallory/karmada"
	intruderCommit     = "0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad"
)

// pushImages fills the registry and signs what is signed. It returns the digest of signedImage.
func pushImages(ctx context.Context, l *lab.Lab, progress io.Writer) (name.Digest, error) {
	say := func(image, signer string) { _, _ = fmt.Fprintf(progress, "    %-48s %s\n", image, signer) }
	_, _ = fmt.Fprintln(progress, "▸ in the registry:")

	release := sigstore.GitHubWorkflow("karmada-io/karmada", releaseWorkflow, releaseRef, releaseCommit)
	signed, err := l.PushSigned(ctx, signedImage, "scheduler", release)
	if err != nil {
		return name.Digest{}, err
	}
	say(signedImage, "signed by Karmada's release workflow")

	if _, err := l.Push(ctx, unsignedImage, "dashboard"); err != nil {
		return name.Digest{}, err
	}
	say(unsignedImage, "not signed")

	intruder := sigstore.GitHubWorkflow(intruderRepository, releaseWorkflow, releaseRef, intruderCommit)
	if _, err := l.PushSigned(ctx, intruderImage, "intruder", intruder); err != nil {
		return name.Digest{}, err
	}
	say(intruderImage, "signed by the same workflow of a fork, "+intruderRepository)
	return signed, nil
}
