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

package requests

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ggcrtypes "github.com/google/go-containerregistry/pkg/v1/types"
	cosignstatic "github.com/sigstore/cosign/v2/pkg/oci/static"
	cosigntypes "github.com/sigstore/cosign/v2/pkg/types"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	// crowdSize is the number of signatures of one image, ruleCount that of rules that ask about one digest, podCount that of pods
	// of knownImages images.
	crowdSize   = 1000
	ruleCount   = 200
	podCount    = 10000
	knownImages = 100
	// pushers is the number of images that are pushed at the same time.
	pushers = 4
)

// crowd counts for an image with many signatures.
func (b *bench) crowd(r *measure.Run) error {
	r.Step("an image with %d signatures", crowdSize)
	image, err := b.push(r, distributionHost+"/karmada/crowd", "crowd")
	if err != nil {
		return err
	}
	payload, err := sigstore.Payload(image)
	if err != nil {
		return err
	}
	stranger, err := b.sigstore.Issue(sigstore.GitHubWorkflow("somebody/else", "release.yml", "refs/heads/main", strings.Repeat("d", 40)))
	if err != nil {
		return err
	}
	layers := make([]mutate.Addendum, 0, crowdSize)
	for range crowdSize - 1 {
		one, err := stranger.Sign(payload)
		if err != nil {
			return err
		}
		layers = append(layers, layerOf(one, nil))
	}
	good, err := b.sigstore.NewSignature(r, image, b.signer)
	if err != nil {
		return err
	}
	entry, err := json.Marshal(good.Bundle)
	if err != nil {
		return err
	}
	manifest, err := mutate.Append(mutate.MediaType(empty.Image, ggcrtypes.OCIManifestSchema1), append(layers, layerOf(good, entry))...)
	if err != nil {
		return err
	}
	tag := image.Context().Tag(strings.Replace(image.DigestStr(), ":", "-", 1) + ".sig")
	if err := remote.Write(tag, manifest, remote.WithContext(r), remote.WithTransport(b.Transport())); err != nil {
		return err
	}
	seen, err := b.verifying(r, b.anonymous(), image)
	if err != nil {
		return err
	}
	r.Figure(manySignatures, float64(len(seen)))
	return nil
}

// layerOf is a signature as cosign stores it, with an entry of the transparency log if there is one.
func layerOf(signature sigstore.Signature, entry []byte) mutate.Addendum {
	annotations := map[string]string{
		cosignstatic.SignatureAnnotationKey: signature.Base64, cosignstatic.CertificateAnnotationKey: string(signature.Certificate),
	}
	if entry != nil {
		annotations[cosignstatic.BundleAnnotationKey] = string(entry)
	}
	return mutate.Addendum{Layer: static.NewLayer(signature.Payload, cosigntypes.SimpleSigningMediaType), Annotations: annotations}
}

// rules counts for one digest that many rules ask about, each of a trust of its own.
func (b *bench) rules(r *measure.Run) error {
	r.Step("%d rules about one digest", ruleCount)
	image, err := b.signed(r, distributionHost+"/karmada/rules", "rules")
	if err != nil {
		return err
	}
	requests := make([]pool.Request, 0, ruleCount)
	for i := range ruleCount {
		rule, err := ruleOf(v1alpha1.KarmadaImageTrustSpec{
			Issuer: b.signer.Issuer, IdentityRegexp: v1alpha1.Regexp(fmt.Sprintf(`https://github\.com/karmada-io/.*|trust-%d`, i)),
		})
		if err != nil {
			return err
		}
		requests = append(requests, pool.Request{Ref: image, Rule: rule, Root: b.root})
	}
	seen, err := b.count(func() error { return b.answered(r, b.anonymous(), requests) })
	if err != nil {
		return err
	}
	most, times := 0, map[string]int{}
	for _, request := range seen {
		_, path, _ := strings.Cut(request, " ")
		times[path]++
		most = max(most, times[path])
	}
	r.Figure(concurrent, float64(most))
	return nil
}

// answered has a pool verify what is requested; all of it has to be verified.
func (b *bench) answered(r *measure.Run, c *verify.Cosign, requests []pool.Request) error {
	batch := pool.NewBatch(r, c, pool.DefaultWorkers, func(int, int) {})
	defer batch.Close()
	return verifiedBy(r, batch, requests)
}

func verifiedBy(r *measure.Run, batch *pool.Batch, requests []pool.Request) error {
	answers, err := batch.Answers(r, requests)
	for i := range answers {
		if result := answers[i].Result; result.Verdict != v1alpha1.VerdictVerified {
			return errors.Join(err, fmt.Errorf("%s is %s: %s", requests[i].Ref, result.Verdict, result.Message))
		}
	}
	return err
}

// pods counts what pods of known images cost, from the inventory to the pool.
func (b *bench) pods(r *measure.Run) error {
	r.Step("%d pods of %d known images", podCount, knownImages)
	digests, err := b.pushMany(r, "pods", 10, knownImages/10)
	if err != nil {
		return err
	}
	batch := pool.NewBatch(r, b.anonymous(), pool.DefaultWorkers, func(int, int) {})
	defer batch.Close()
	index := inventory.New(func(string) {})
	come := func(from, to int) error {
		for i := from; i < to; i++ {
			index.Apply(inventory.Convert(runningPod(i, digests[i%len(digests)])))
		}
		var requests []pool.Request
		for _, w := range index.Select("trust", "", inventory.MatchFunc(func(string) bool { return true })) {
			for _, running := range w.Running {
				ref, err := name.NewDigest(running.Image)
				if err != nil {
					return err
				}
				requests = append(requests, pool.Request{Ref: ref, Running: true, Rule: b.rule, Root: b.root})
			}
		}
		if len(requests) != to {
			return fmt.Errorf("%d containers run, want %d", len(requests), to)
		}
		return verifiedBy(r, batch, requests)
	}
	if err := come(0, knownImages); err != nil {
		return err
	}
	seen, err := b.count(func() error { return come(knownImages, knownImages+podCount) })
	if err != nil {
		return err
	}
	r.Figure(knownPods, float64(len(seen)))
	return nil
}

func runningPod(i int, image name.Digest) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprint("pod-", i), UID: types.UID(fmt.Sprint("uid-", i))},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image.Name()}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "main", Image: image.Name(), ImageID: image.Name(), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}},
	}
}

// many counts for many images of one registry, with one image in each repository and with ten.
func (b *bench) many(r *measure.Run) error {
	for figure, of := range map[string]struct{ repositories, images int }{repositories: {200, 1}, manyImages: {100, 10}} {
		r.Step("%d images of each of %d repositories", of.images, of.repositories)
		digests, err := b.pushMany(r, figure, of.repositories, of.images)
		if err != nil {
			return err
		}
		requests := make([]pool.Request, 0, len(digests))
		for _, image := range digests {
			requests = append(requests, pool.Request{Ref: image, Rule: b.rule, Root: b.root})
		}
		seen, err := b.count(func() error { return b.answered(r, b.anonymous(), requests) })
		if err != nil {
			return err
		}
		r.Figure(figure, float64(len(seen)))
	}
	return nil
}

// pushMany pushes the same signed images into several repositories, and returns all of them. Each is signed once.
func (b *bench) pushMany(r *measure.Run, prefix string, repositories, count int) ([]name.Digest, error) {
	all := make([]name.Digest, repositories*count)
	access := remote.WithTransport(b.Transport())
	for i := range count {
		content := fmt.Sprint(prefix, " ", i)
		first, err := b.push(r, distributionHost+"/"+prefix+"/first", content)
		if err != nil {
			return nil, err
		}
		signature, err := b.sigstore.NewSignature(r, first, b.signer)
		if err != nil {
			return nil, err
		}
		var pushing errgroup.Group
		pushing.SetLimit(pushers)
		for j := range repositories {
			pushing.Go(func() error {
				image, err := b.push(r, fmt.Sprintf("%s/%s/app-%d", distributionHost, prefix, j), content)
				if err != nil {
					return err
				}
				all[i*repositories+j] = image
				return sigstore.Attach(r, image, []sigstore.Signature{signature}, access)
			})
		}
		if err := pushing.Wait(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
