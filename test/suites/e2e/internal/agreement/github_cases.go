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

package agreement

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	// githubRoot is the name of the TrustRoot of GitHub's own instance.
	githubRoot = "github"
	// githubRepository is the source of the images, and githubImages is where they are.
	githubRepository = "acme/app"
	githubImages     = "ghcr.io/acme/"
)

// instances are the two that GitHub attests with, and one that nobody trusts.
type instances struct {
	t                       *testing.T
	lab                     *labtest.Lab
	github, public, foreign *sigstore.Sigstore
}

// newInstances makes an instance like GitHub's own. The public one is that of the lab.
func newInstances(t *testing.T, lab *labtest.Lab) instances {
	t.Helper()
	return instances{t: t, lab: lab, github: labtest.NewSigstore(t), public: lab.Sigstore, foreign: labtest.NewSigstore(t)}
}

// trustRoot is the TrustRoot of GitHub's own instance: it has a timestamp authority and no logs.
func (s instances) trustRoot() *unstructured.Unstructured {
	s.t.Helper()
	root, err := s.github.TrustRoot(githubRoot, sigstore.WithTimestamps())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, logs := range []string{"tLogs", "ctLogs"} {
		unstructured.RemoveNestedField(root.Object, "spec", "sigstoreKeys", logs)
	}
	return root
}

// statement is an attestation that is made step by step.
type statement struct {
	instances
	image    name.Digest
	envelope sigstore.Envelope
}

// step of making an attestation.
type step func(*statement)

// attested makes an attestation by a workflow and attaches it as a bundle, unless the steps replace that.
func (s instances) attested(by *sigstore.Sigstore, workflow sigstore.Identity, predicateType string, steps ...step) func(name.Digest) {
	return func(image name.Digest) {
		made := statement{instances: s, image: image}
		made.issue(by, workflow, predicateType, image)
		for _, do := range steps {
			do(&made)
		}
		bundle, err := made.envelope.Bundle()
		s.must(err)
		s.attach(image, bundle, predicateType)
	}
}

func (s instances) attach(image name.Digest, bundle *protobundle.Bundle, predicateType string) {
	s.t.Helper()
	s.must(sigstore.AttachBundle(s.t.Context(), image, bundle, predicateType, s.lab.RemoteOptions()...))
}

func (s instances) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (m *statement) issue(
	by *sigstore.Sigstore, workflow sigstore.Identity, predicateType string, about name.Digest, opts ...sigstore.IssueOption,
) {
	if by == m.github {
		opts = append(opts, sigstore.LoggedBy())
	}
	signer, err := by.Issue(workflow, opts...)
	m.must(err)
	content, err := sigstore.Statement(predicateType, map[string]any{"buildDefinition": map[string]any{"buildType": "test"}}, about)
	m.must(err)
	m.envelope, err = signer.SignStatement(content)
	m.must(err)
}

// stamped adds a timestamp by an instance.
func stamped(by *sigstore.Sigstore, after time.Duration) step {
	return func(m *statement) { m.must(by.StampStatement(&m.envelope, time.Now().Add(after))) }
}

// logged adds an entry of the log of an instance.
func logged(by *sigstore.Sigstore) step {
	return func(m *statement) {
		m.must(by.LogStatement(m.t.Context(), &m.envelope, time.Now()))
	}
}

// githubCase is an image and whether the policy of GitHub's chart allows it, in every version of policy-controller.
type githubCase struct {
	name    string
	make    func(name.Digest)
	allowed bool
}

// githubCases are images with attestations of all kinds, good ones and bad ones.
func githubCases(s instances) []githubCase {
	const provenance, sbom = sigstore.SLSAPredicate, sigstore.SPDXPredicate
	workflow := func(repository, file, ref string) sigstore.Identity {
		return sigstore.GitHubWorkflow(repository, file, ref, labtest.Commit)
	}
	build := workflow(githubRepository, "build.yml", "refs/heads/main")
	changed := func(change func(*sigstore.Identity)) sigstore.Identity {
		id := build
		change(&id)
		return id
	}
	now := time.Duration(0)
	own := func(id sigstore.Identity, predicateType string) func(name.Digest) {
		return s.attested(s.github, id, predicateType, stamped(s.github, now))
	}
	public := func(id sigstore.Identity, predicateType string) func(name.Digest) {
		return s.attested(s.public, id, predicateType, logged(s.public))
	}
	both := func(first, second func(name.Digest)) func(name.Digest) {
		return func(image name.Digest) { first(image); second(image) }
	}
	tampered := func(m *statement) {
		m.envelope.Statement = []byte(strings.Replace(string(m.envelope.Statement), "test", "best", 1))
	}
	reissued := func(by *sigstore.Sigstore, opts ...sigstore.IssueOption) step {
		return func(m *statement) { m.issue(by, build, provenance, m.image, opts...) }
	}
	aboutAnother := func(by *sigstore.Sigstore) step {
		return func(m *statement) {
			m.issue(by, build, provenance, m.image.Context().Digest("sha256:"+strings.Repeat("a", 64)))
		}
	}
	cases := []githubCase{
		{"unattested", func(name.Digest) {}, false},
		{"good by both", both(own(build, provenance), public(build, provenance)), true},
		{"signed only", func(image name.Digest) {
			s.must(s.public.Sign(s.t.Context(), image, build, s.lab.RemoteOptions()...))
		}, false},
		{"signed in a bundle", public(build, sigstore.SignPredicate), false},
		{"stored as cosign v2 does", func(image name.Digest) {
			made := statement{instances: s, image: image}
			made.issue(s.public, build, provenance, image)
			logged(s.public)(&made)
			s.must(sigstore.AttachAttestations(s.t.Context(), image, []sigstore.Envelope{made.envelope}, s.lab.RemoteOptions()...))
		}, false},
		{"stored as cosign v2 does by GitHub", func(image name.Digest) {
			made := statement{instances: s, image: image}
			made.issue(s.github, build, provenance, image)
			content, err := made.envelope.JSON()
			s.must(err)
			made.envelope.Timestamp, err = s.github.Timestamp(content, time.Now())
			s.must(err)
			s.must(sigstore.AttachAttestations(s.t.Context(), image, []sigstore.Envelope{made.envelope}, s.lab.RemoteOptions()...))
		}, false},
		{"a bad one beside a good one", both(own(workflow("evil/app", "build.yml", "refs/heads/main"), provenance), own(build, provenance)), true},
		{"a good one beside a bad one", both(public(build, provenance), public(workflow("evil/app", "build.yml", "refs/heads/main"), provenance)), true},
		{"provenance of another and a statement of ours", both(own(workflow("evil/app", "b.yml", "refs/heads/main"), provenance), own(build, sbom)), false},

		{"GitHub without a timestamp", s.attested(s.github, build, provenance), false},
		{"GitHub with the timestamp of another", s.attested(s.github, build, provenance, stamped(s.foreign, now)), false},
		{"GitHub with the public timestamp", s.attested(s.github, build, provenance, stamped(s.public, now)), false},
		{"GitHub too late", s.attested(s.github, build, provenance, stamped(s.github, time.Hour)), false},
		{"GitHub too early", s.attested(s.github, build, provenance, stamped(s.github, -time.Hour)), false},
		{"GitHub logged instead", s.attested(s.github, build, provenance, logged(s.github)), false},
		{"GitHub logged in public", s.attested(s.github, build, provenance, stamped(s.github, now), logged(s.public)), true},
		{"GitHub with a certificate log", s.attested(s.github, build, provenance, reissued(s.github, sigstore.LoggedBy(s.public)), stamped(s.github, now)), true},
		{"GitHub changed", s.attested(s.github, build, provenance, stamped(s.github, now), tampered), false},
		{"GitHub about another image", s.attested(s.github, build, provenance, aboutAnother(s.github), stamped(s.github, now)), false},
		{"another instance with the timestamp", s.attested(s.foreign, build, provenance, stamped(s.github, now)), false},

		{"public without an entry", s.attested(s.public, build, provenance), false},
		{"public with a timestamp instead", s.attested(s.public, build, provenance, stamped(s.public, now)), false},
		{"public with the timestamp of GitHub", s.attested(s.public, build, provenance, stamped(s.github, now)), false},
		{"public with entry and timestamp", s.attested(s.public, build, provenance, logged(s.public), stamped(s.public, now)), true},
		{"public with the log of another", s.attested(s.public, build, provenance, logged(s.foreign)), false},
		{"public without a certificate log", s.attested(s.public, build, provenance, reissued(s.public, sigstore.LoggedBy()), logged(s.public)), false},
		{"public with the certificate log of another", s.attested(s.public, build, provenance, reissued(s.public, sigstore.LoggedBy(s.foreign)), logged(s.public)), false},
		{"public changed", s.attested(s.public, build, provenance, logged(s.public), tampered), false},
		{"public about another image", s.attested(s.public, build, provenance, aboutAnother(s.public), logged(s.public)), false},
		{"another instance logged", s.attested(s.foreign, build, provenance, logged(s.foreign)), false},
		{"another instance logged in public", s.attested(s.foreign, build, provenance, logged(s.public)), false},
	}
	for what, by := range map[string]struct {
		workflow      sigstore.Identity
		predicateType string
		allowed       bool
	}{
		"main":                   {build, provenance, true},
		"a tag":                  {workflow(githubRepository, "release.yaml", "refs/tags/v1.0.0"), provenance, true},
		"a pull request":         {workflow(githubRepository, "ci.yml", "refs/pull/7/merge"), provenance, true},
		"another repository":     {workflow("acme/other", "build.yml", "refs/heads/main"), provenance, false},
		"another owner":          {workflow("evil/app", "build.yml", "refs/heads/main"), provenance, false},
		"an owner alike":         {workflow("acme-evil/app", "build.yml", "refs/heads/main"), provenance, false},
		"a repository alike":     {workflow("acme/app-evil", "build.yml", "refs/heads/main"), provenance, false},
		"an owner in upper case": {workflow("Acme/app", "build.yml", "refs/heads/main"), provenance, false},
		"no workflow": {changed(func(id *sigstore.Identity) {
			id.Subject = "https://github.com/acme/app/actions/build.yml@refs/heads/main"
		}),
			provenance, false},
		"another issuer":      {changed(func(id *sigstore.Identity) { id.Issuer = "https://oidc.example.com" }), provenance, false},
		"an issuer alike":     {changed(func(id *sigstore.Identity) { id.Issuer += ".example.com" }), provenance, false},
		"another site":        {changed(func(id *sigstore.Identity) { id.Subject = strings.Replace(id.Subject, "github.com", "gitlab.com", 1) }), provenance, false},
		"an e-mail":           {sigstore.Identity{Issuer: sigstore.GitHubIssuer, Subject: "somebody@acme.example"}, provenance, false},
		"a bill of materials": {build, sbom, false},
		"an older provenance": {build, "https://slsa.dev/provenance/v0.2", false},
		"a longer type":       {build, provenance + ".1", false},
	} {
		cases = append(cases,
			githubCase{"GitHub by " + what, own(by.workflow, by.predicateType), by.allowed},
			githubCase{"public by " + what, public(by.workflow, by.predicateType), by.allowed})
	}
	return cases
}

// push pushes the image of a case and returns its name.
func (c githubCase) push(s instances) string {
	s.t.Helper()
	reference := githubImages + strings.ReplaceAll(strings.ToLower(c.name), " ", "-") + ":v1"
	c.make(s.lab.PushImage(s.t, reference))
	return reference
}

// pushIndex pushes an image for several platforms, of which the index is attested, and returns the index and a platform.
func pushIndex(s instances, attest func(name.Digest)) (index, platform string) {
	s.t.Helper()
	whole, platforms, err := images.PushIndex(s.t.Context(), githubImages+"many:v1", s.t.Name(), s.lab.RemoteOptions()...)
	s.must(err)
	attest(whole)
	return whole.Name(), platforms[0].Name()
}
