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

package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/text"
)

// aspect is a part of an identity or issuer that an expression can leave open.
type aspect int

const (
	aspectHost aspect = iota
	aspectDots
	aspectOwner
	aspectRepository
	aspectWorkflow
	aspectPullRequests
	aspectBranches
)

// probe describes unintended identities or issuers that an expression should not accept.
type probe struct {
	aspect aspect
	// exprs are regular expressions for the unintended values. The probe matches if any of them is accepted.
	exprs []string
	// who may sign if the probe matches.
	who string
	// fix says what to write instead.
	fix string
}

// The names of unintended signers, as regular expressions. They are chosen to be readable in messages. The hyphens are
// optional, because some expressions do not accept them.
const (
	otherHost       = `any-?host\.example`
	otherOwner      = `any-?owner`
	otherRepository = `any-?repository`
	otherFile       = `\.github/workflows/any-?workflow\.ya?ml`
	otherMailbox    = `any-?one`
	otherBranch     = `refs/heads/any-?branch`
	pullRequest     = `refs/pull/[0-9]+/merge`
	lookalike       = `lookalike`
)

// workflowProbes returns probes for identities other than those of an intended workflow, the broadest first.
func workflowProbes(intended workflow) []probe {
	host, owner := regexp.QuoteMeta(intended.host), regexp.QuoteMeta(intended.owner)
	repository := regexp.QuoteMeta(intended.repository)
	hosts := func(host string) []string { return workflows(workflow{host: host}) }
	owners := func(name string) []string { return workflows(workflow{host: host, owner: name}) }
	repositories := func(name string) []string { return workflows(workflow{host: host, owner: owner, repository: name}) }
	const tags = `end it with the tags of releases, for example @refs/tags/v.+`
	return []probe{
		{aspectHost, hosts(otherHost), "anyone on any host", `write the host, for example https://github\.com/`},
		{aspectHost, each(similarHosts(host), hosts), "anyone on a host whose name begins or ends with " + intended.host,
			"write https://" + host + "/ with the scheme and the slash"},
		{aspectDots, each(dotsReplaced(intended.host), hosts), "anyone on a host with a name similar to " + intended.host, "write " + host},
		{aspectOwner, workflows(workflow{owner: otherOwner}), "any repository of any owner", "write the owner"},
		{aspectOwner, each(similarNames(owner), owners), "any owner whose name begins or ends with " + intended.owner,
			"write /" + owner + "/ with both slashes"},
		{aspectRepository, workflows(workflow{repository: otherRepository}), "any repository of the owner", "write the repository"},
		{aspectRepository, each(similarNames(repository), repositories),
			"any repository whose name begins or ends with " + intended.repository, "write /" + repository + "/ with both slashes"},
		{aspectWorkflow, workflows(workflow{file: otherFile}), "any workflow of the repository",
			`write the file, for example \.github/workflows/release\.yml`},
		{aspectPullRequests, workflows(workflow{ref: pullRequest}), "any pull request of the repository", tags},
		{aspectBranches, workflows(workflow{ref: otherBranch}), "any branch of the repository", tags},
	}
}

// addressProbes returns probes for e-mail addresses other than those of an intended domain.
func addressProbes(domain string) []probe {
	quoted := regexp.QuoteMeta(domain)
	at := func(domain string) []string { return []string{anyMailbox + "@" + domain} }
	return []probe{
		{aspectHost, at(otherHost), "anyone at any domain", "write the address"},
		{aspectHost, each(similarHosts(quoted), at), "anyone at a domain whose name begins or ends with " + domain, "write @" + quoted},
		{aspectDots, each(dotsReplaced(domain), at), "anyone at a domain with a name similar to " + domain, "write @" + quoted},
		{aspectOwner, []string{otherMailbox + "@" + quoted}, "anyone at " + domain, "write the address"},
	}
}

// issuerProbes returns probes for issuers other than the intended one, https://HOST/TENANT.
func issuerProbes(host, tenant string) []probe {
	quoted := regexp.QuoteMeta(host)
	at := func(host string) []string { return []string{"https://" + host + anyPath} }
	var tenants []string
	for _, parent := range []string{strings.TrimSuffix(tenant, "/"), path.Dir("/" + tenant)} {
		tenants = append(tenants, "https://"+quoted+regexp.QuoteMeta(strings.TrimSuffix(parent, "/"))+"/any-tenant")
	}
	return []probe{
		{aspectHost, at(otherHost), "any issuer", ""},
		{aspectHost, each(similarHosts(quoted), at), "any issuer whose host begins or ends with " + host, ""},
		{aspectDots, each(dotsReplaced(host), at), "any issuer with a host similar to " + host, ""},
		{aspectOwner, tenants, "any issuer at " + host, ""},
	}
}

// similarHosts returns hosts that can belong to someone else and contain the given one, as regular expressions.
func similarHosts(host string) []string {
	return []string{host + `\.` + lookalike + `\.example`, lookalike + `-` + host, lookalike + host, lookalike + `\.` + host}
}

// similarNames returns names that can belong to someone else and contain the given one, as regular expressions.
func similarNames(name string) []string {
	return []string{name + "-" + lookalike, name + lookalike, lookalike + "-" + name, lookalike + name}
}

// dotsReplaced returns the host with each of its dots replaced by a letter in turn, as regular expressions.
func dotsReplaced(host string) []string {
	var hosts []string
	for i := range len(host) {
		if host[i] == '.' {
			hosts = append(hosts, regexp.QuoteMeta(host[:i])+"x"+regexp.QuoteMeta(host[i+1:]))
		}
	}
	return hosts
}

func each(parts []string, exprs func(string) []string) []string {
	var all []string
	for _, part := range parts {
		all = append(all, exprs(part)...)
	}
	return all
}

// match is a probe that an expression accepts, with an accepted value.
type match struct {
	probe
	example string
}

// maxExample is the largest length of an example in a message, in bytes.
const maxExample = 200

// matches returns the probes that a language accepts, except those about an aspect to skip.
func (l *language) matches(probes []probe, skip []aspect) []match {
	var matches []match
	for _, p := range probes {
		if slices.Contains(skip, p.aspect) {
			continue
		}
		for _, expr := range p.exprs {
			if example, found := l.intersectExpr(expr); found == common {
				matches = append(matches, match{p, text.Truncate(example, maxExample)})
				break
			}
		}
	}
	return matches
}
