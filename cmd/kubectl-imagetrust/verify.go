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
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	trusts    trustFlags
	trustRoot trustRootFlags
	registry  registryFlags
	cluster   clusterFlags
	output    outputFlag
	installed installationFlags
}

func newVerifyCommand(s streams) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify [IMAGE...] (-f FILE | --issuer URL (--identity SUBJECT | --identity-regexp REGEXP))",
		Short: "Verify the signatures of images",
		Long: `Verify the signatures of images as the operator does: cosign signatures and Sigstore bundles, the certificate chain, the
proof of the transparency log (offline), and the attestations that the trust requires.

With -f, each image is verified by every trust that matches it. Without an IMAGE, the references listed in the trusts are
verified. A regular expression must match the whole issuer or identity. Credentials come from the Docker configuration.

` + retriesHelp + `

Exit codes: 0 all images are verified, 1 an image is untrusted, 2 usage error, 3 the verdict on an image is unknown.`,
		Example: `  # Verify an image by the trust in a file
  kubectl imagetrust verify docker.io/karmada/karmada-scheduler:v1.16.0 -f trust.yaml

  # Verify all references that a trust lists, as a table
  kubectl imagetrust verify -f trust.yaml -o wide

  # The flags of cosign verify work too
  kubectl imagetrust verify docker.io/karmada/karmada-aggregated-apiserver:latest \
    --certificate-oidc-issuer=https://token.actions.githubusercontent.com \
    --certificate-identity-regexp='^https://github.com/karmada-io/karmada/.*$' -o json | jq`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.trusts.registerIdentity(flags)
	o.installed.registerVersion(flags)
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.register(flags)
	o.output.register(flags, formatText, formatWide)
	return cmd
}

// verification is an image, a trust that matches it, and the verdict.
type verification struct {
	// written is the image as the user wrote it.
	written string
	ref     name.Reference
	trust   trust
	answer  assess.Merged
	// denial is why policy-controller would deny the image although it is verified, or why that depends on its version; nil if it
	// would not.
	denial *admission.Finding
}

func (o *verifyOptions) run(ctx context.Context, s streams, args []string) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	if err := o.trustRoot.validate(); err != nil {
		return err
	}
	in, err := o.trusts.load(ctx, s)
	if err != nil {
		return err
	}
	tellUnmatched(s, &o.trusts.reader)
	verifications, err := in.verifications(args)
	if err != nil {
		return err
	}
	if err := o.verify(ctx, s, in, verifications); err != nil {
		return err
	}
	if err := o.print(s, verifications); err != nil {
		return err
	}
	return exitWith(verdictCode(verifications))
}

// verifications pairs the images of a command line, or else the references that trusts list, with the trusts that match.
func (in *inputs) verifications(args []string) ([]verification, error) {
	var verifications []verification
	if len(args) == 0 {
		for _, one := range in.trusts {
			for _, ref := range one.compiled.References {
				verifications = append(verifications, verification{written: ref.String(), ref: ref, trust: one})
			}
		}
		if len(verifications) == 0 {
			return nil, usageErrorf("name an image, or list images in spec.verification.references of a trust")
		}
		return verifications, nil
	}
	if i := slices.IndexFunc(args, isFile); i >= 0 {
		return nil, usageErrorf("%q is a file, not an image: name a directory with -f, or repeat -f for each file", args[i])
	}
	refs, err := parseImages(args)
	if err != nil {
		return nil, err
	}
	for i, ref := range refs {
		covering := in.covering(ref)
		if len(covering) == 0 {
			return nil, usageErrorf("no trust matches %s", args[i])
		}
		for _, one := range covering {
			verifications = append(verifications, verification{written: args[i], ref: ref, trust: one})
		}
	}
	return verifications, nil
}

// verify sets the answers of verifications.
func (o *verifyOptions) verify(ctx context.Context, s streams, in *inputs, verifications []verification) error {
	found, err := o.installed.assume()
	if err != nil {
		return err
	}
	engine, err := newEngine(ctx, s, engineOptions{&o.trustRoot, &o.registry, &o.cluster, found.Versions}, in)
	if err != nil {
		return err
	}
	defer engine.close()
	requests := make([]pool.Request, 0, len(verifications))
	for _, q := range verifications {
		engine.name([]string{q.ref.Context().RegistryStr()})
		roots, err := engine.roots.of(ctx, q.trust.compiled)
		if err != nil {
			return err
		}
		requests = append(requests, assess.Requests(q.trust.compiled, pool.Request{Ref: q.ref}, roots)...)
	}
	cluster := admission.Cluster{
		Versions: found.Versions, Config: in.configOr(admission.Config{}),
	}
	cluster.TrustRoot = engine.roots.uses(ctx, &cluster, true)
	policies := map[*policy.Policy]*admission.Policy{}
	for _, q := range verifications {
		// A signer that is named on the command line has no policy.
		if trust := q.trust; trust.name != "" && policies[trust.compiled] == nil {
			enforced, err := engine.policy(ctx, trust.name, trust.compiled, &cluster)
			if err != nil {
				return err
			}
			policies[trust.compiled] = enforced
		}
	}
	result, err := engine.run(ctx, in, requests, func(judge admission.Judge) {
		for i := range verifications {
			q := &verifications[i]
			if enforced := policies[q.trust.compiled]; enforced != nil {
				q.denial = assess.Denial(enforced, cluster, q.written, judge)
			}
		}
	})
	if err != nil {
		return err
	}
	engine.setAnswers(verifications, result.Answers())
	return nil
}

// setAnswers sets the answers of verifications from those by each signer.
func (e *engine) setAnswers(verifications []verification, answers []pool.Answer) {
	for i := range verifications {
		q := &verifications[i]
		signers := len(q.trust.compiled.Signers)
		q.answer, answers = assess.Merge(q.trust.compiled, answers[:signers]), answers[signers:]
		if q.answer.Result.Verdict != v1alpha1.VerdictVerified {
			q.denial = nil
		}
		problem := e.roots.problem(q.trust.compiled, q.answer.Signer)
		if q.answer.Result.Reason == v1alpha1.TrustRootUnavailableReason && problem != "" {
			q.answer.Result.Message = fmt.Sprintf("by signer %s: %s", q.answer.Signer, problem)
		}
	}
}

// verdictCode returns the exit code for the worst verdict.
func verdictCode(verifications []verification) int {
	code := exitOK
	for _, q := range verifications {
		switch q.answer.Result.Verdict {
		case v1alpha1.VerdictUntrusted:
			return exitUntrusted
		case v1alpha1.VerdictUnknown:
			code = exitUnknown
		case v1alpha1.VerdictVerified:
		}
	}
	return code
}
