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

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	trusts   trustFlags
	material materialFlags
	registry registryFlags
	cluster  clusterFlags
	output   string
}

func newVerifyCommand(s streams) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify [IMAGE...] (-f FILE | --issuer URL (--identity SUBJECT | --identity-regexp REGEXP))",
		Short: "Verify images as the operator does",
		Long: `Verify images as the operator does: signatures of cosign v2 and Sigstore bundles, the certificate chain, the
proof of the transparency log (offline), and attestations where the trust asks for them.

With -f, each image is judged by every trust that is about it; without an IMAGE, the trusts' references are. An expression
must match the whole identity. Credentials come from the Docker configuration.

Exit codes: 0 all verified, 1 an image is untrusted, 2 wrong usage, 3 an image could not be judged now.`,
		Example: `  # Who signed it, by the trust in a file
  kubectl imagetrust verify docker.io/karmada/karmada-scheduler:v1.16.0 -f trust.yaml

  # All references in a trust, as a table
  kubectl imagetrust verify -f trust.yaml -o wide

  # The command of Karmada's documentation
  kubectl imagetrust verify docker.io/karmada/karmada-aggregated-apiserver:latest \
    --certificate-oidc-issuer=https://token.actions.githubusercontent.com \
    --certificate-identity-regexp='^https://github.com/karmada-io/karmada/.*$' -o json | jq`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.trusts.registerIdentity(flags)
	o.material.register(flags)
	o.registry.register(flags)
	o.cluster.register(flags)
	flags.StringVarP(&o.output, "output", "o", "", "json, yaml or wide; text for people when empty")
	return cmd
}

// judged is an image, a trust that is about it, and the verdict.
type judged struct {
	// written is the image as the user named it.
	written string
	ref     name.Reference
	trust   trust
	answer  pool.Answer
}

func (o *verifyOptions) run(ctx context.Context, s streams, args []string) error {
	show, err := printerOf(o.output)
	if err != nil {
		return err
	}
	if err := o.material.validate(); err != nil {
		return err
	}
	given, err := o.trusts.load(s)
	if err != nil {
		return err
	}
	questions, err := given.questions(args)
	if err != nil {
		return err
	}
	if err := o.judge(ctx, s, given, questions); err != nil {
		return err
	}
	if err := show(s.Out, questions); err != nil {
		return err
	}
	return ended(verdictCode(questions))
}

// questions about the images that the user named, or that the trusts list.
func (t *trusts) questions(args []string) ([]judged, error) {
	var questions []judged
	if len(args) == 0 {
		for _, one := range t.all {
			for _, ref := range one.compiled.References {
				questions = append(questions, judged{written: ref.String(), ref: ref, trust: one})
			}
		}
		if len(questions) == 0 {
			return nil, usage("name an image, or list some in spec.verification.references")
		}
		return questions, nil
	}
	refs, err := parseImages(args)
	if err != nil {
		return nil, err
	}
	for i, ref := range refs {
		covering := t.covering(ref)
		if len(covering) == 0 {
			return nil, usage("no trust is about %s", args[i])
		}
		for _, one := range covering {
			questions = append(questions, judged{written: args[i], ref: ref, trust: one})
		}
	}
	return questions, nil
}

// judge answers the questions.
func (o *verifyOptions) judge(ctx context.Context, s streams, given *trusts, questions []judged) error {
	engine, err := newEngine(ctx, s, engineOptions{&o.material, &o.registry, &o.cluster}, given)
	if err != nil {
		return err
	}
	defer engine.close()
	requests := make([]pool.Request, 0, len(questions))
	for _, q := range questions {
		rootName := q.trust.compiled.TrustRoot
		root, err := engine.roots.root(ctx, rootName)
		if err != nil {
			return err
		}
		requests = append(requests, pool.Request{Ref: q.ref, Rule: q.trust.compiled.Rule, RootName: rootName, Root: root})
	}
	result, err := engine.run(ctx, given, requests, func(admission.Judge) {})
	if err != nil {
		return err
	}
	for i, answer := range result.Answers() {
		questions[i].answer = answer
	}
	return nil
}

// verdictCode is the exit code for verdicts: an untrusted image outweighs an unknown one.
func verdictCode(questions []judged) int {
	code := exitOK
	for _, q := range questions {
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
