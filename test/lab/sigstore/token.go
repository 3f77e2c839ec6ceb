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

package sigstore

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// tokenAudience is whom identity tokens are for.
	tokenAudience = "sigstore"
	githubURL     = "https://github.com/"
)

// tokenClaims are what an identity token says, as far as a certificate follows
// from it. Those of a workflow have the names that GitHub Actions gives them.
type tokenClaims struct {
	jwt.Claims
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Workflow      string `json:"workflow,omitempty"`
	WorkflowRef   string `json:"job_workflow_ref,omitempty"`
	Repository    string `json:"repository,omitempty"`
	EventName     string `json:"event_name,omitempty"`
	Ref           string `json:"ref,omitempty"`
	SHA           string `json:"sha,omitempty"`
}

// tokenIssuer stands for every OIDC issuer that there is. The cosign command
// takes RS256 alone.
type tokenIssuer struct{ key *rsa.PrivateKey }

func newTokenIssuer() (*tokenIssuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the token issuer's key: %w", err)
	}
	return &tokenIssuer{key: key}, nil
}

// Token is an identity token with which its bearer signs as id, for an hour.
func (s *Server) Token(id Identity) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.issuer.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	now := time.Now()
	claims := tokenClaims{Claims: jwt.Claims{
		Issuer: id.Issuer, Subject: id.Subject, Audience: jwt.Audience{tokenAudience},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
	}}
	switch w := id.Workflow; {
	case w != Workflow{}:
		ref, ok := strings.CutPrefix(id.Subject, githubURL)
		if !ok {
			return "", fmt.Errorf("%s is not a workflow on GitHub", id.Subject)
		}
		claims.Subject, claims.WorkflowRef = "repo:"+w.Repository+":ref:"+w.Ref, ref
		claims.Workflow, claims.Repository, claims.EventName, claims.Ref, claims.SHA = w.Name, w.Repository, w.Trigger, w.Ref, w.SHA
	case !strings.Contains(id.Subject, "://") && strings.Contains(id.Subject, "@"):
		claims.Email, claims.EmailVerified = id.Subject, true
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return token, nil
}

// claims of a token, if it is one of this issuer and still good.
func (i *tokenIssuer) claims(token string) (*tokenClaims, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	claims := &tokenClaims{}
	if err := parsed.Claims(i.key.Public(), claims); err != nil {
		return nil, fmt.Errorf("verifying the token: %w", err)
	}
	if err := claims.Validate(jwt.Expected{AnyAudience: jwt.Audience{tokenAudience}}); err != nil {
		return nil, fmt.Errorf("the token: %w", err)
	}
	return claims, nil
}

// challenge is what a key's owner signs.
func (c *tokenClaims) challenge() string { return cmp.Or(c.Email, c.Subject) }

// identity is who Fulcio takes the bearer for.
func (c *tokenClaims) identity() Identity {
	if c.WorkflowRef == "" {
		return Identity{Issuer: c.Issuer, Subject: c.challenge()}
	}
	return Identity{
		Issuer:  c.Issuer,
		Subject: githubURL + c.WorkflowRef,
		Workflow: Workflow{
			Repository: c.Repository, Name: c.Workflow, Trigger: c.EventName, Ref: c.Ref, SHA: c.SHA,
		},
	}
}
