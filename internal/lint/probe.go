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
	"strings"
)

// aspect of an identity in which it may be loose.
type aspect int

const (
	ofHost aspect = iota
	ofDots
	ofOwner
	ofRepository
	ofWorkflow
	ofPullRequests
	ofBranches
)

// probe is a way in which others may come in.
type probe struct {
	aspect aspect
	// others are regular expressions for identities that others may have. One that is accepted is one too many.
	others []string
	// who may sign if one is.
	who string
	// write this instead.
	write string
}

// What stands for others, as regular expressions: in messages the names speak for themselves. Some expressions take no "-".
const (
	otherHost       = `any-?host\.example`
	otherOwner      = `any-?owner`
	otherRepository = `any-?repository`
	otherFile       = `\.github/workflows/any-?workflow\.ya?ml`
	otherMailbox    = `any-?body`
	otherBranch     = `refs/heads/any-?branch`
	pullRequest     = `refs/pull/[0-9]+/merge`
	lookalike       = `lookalike`
)

// workflowProbes try others than a workflow that is meant, those who let most in first.
func workflowProbes(meant workflow) []probe {
	host, owner := regexp.QuoteMeta(meant.host), regexp.QuoteMeta(meant.owner)
	repository := regexp.QuoteMeta(meant.repository)
	hosts := func(host string) []string { return workflows(workflow{host: host}) }
	owners := func(name string) []string { return workflows(workflow{host: host, owner: name}) }
	repositories := func(name string) []string { return workflows(workflow{host: host, owner: owner, repository: name}) }
	const tags = `end it with the tags of releases, e.g. @refs/tags/v.+`
	return []probe{
		{ofHost, hosts(otherHost), "anybody on any host", `name the host, e.g. https://github\.com/`},
		{ofHost, each(similarHosts(host), hosts), "anybody on a host whose name begins or ends like " + meant.host,
			"write https://" + host + "/ with what stands around it"},
		{ofDots, each(misspelt(meant.host), hosts), "anybody on a host whose name looks like " + meant.host, "write " + host},
		{ofOwner, workflows(workflow{owner: otherOwner}), "any owner's repositories", "name the owner"},
		{ofOwner, each(similar(owner), owners), "any owner whose name begins or ends like " + meant.owner,
			"write /" + owner + "/ with both slashes"},
		{ofRepository, workflows(workflow{repository: otherRepository}), "any repository of the owner", "name the repository"},
		{ofRepository, each(similar(repository), repositories), "any repository whose name begins or ends like " + meant.repository,
			"write /" + repository + "/ with both slashes"},
		{ofWorkflow, workflows(workflow{file: otherFile}), "any workflow of the repository",
			`name the file, e.g. \.github/workflows/release\.yml`},
		{ofPullRequests, workflows(workflow{ref: pullRequest}), "any pull request of the repository", tags},
		{ofBranches, workflows(workflow{ref: otherBranch}), "any branch of the repository", tags},
	}
}

// addressProbes try others than those at a domain.
func addressProbes(domain string) []probe {
	quoted := regexp.QuoteMeta(domain)
	at := func(domain string) []string { return []string{anyMailbox + "@" + domain} }
	return []probe{
		{ofHost, at(otherHost), "anybody at any domain", "name the address"},
		{ofHost, each(similarHosts(quoted), at), "anybody at a domain whose name begins or ends like " + domain, "write @" + quoted},
		{ofDots, each(misspelt(domain), at), "anybody at a domain whose name looks like " + domain, "write @" + quoted},
		{ofOwner, []string{otherMailbox + "@" + quoted}, "anybody at " + domain, "name the address"},
	}
}

// issuerProbes try others than an issuer that is meant: https://HOST/TENANT.
func issuerProbes(host, tenant string) []probe {
	quoted := regexp.QuoteMeta(host)
	at := func(host string) []string { return []string{"https://" + host + anyPath} }
	var tenants []string
	for _, above := range []string{strings.TrimSuffix(tenant, "/"), path.Dir("/" + tenant)} {
		tenants = append(tenants, "https://"+quoted+regexp.QuoteMeta(strings.TrimSuffix(above, "/"))+"/any-tenant")
	}
	return []probe{
		{ofHost, at(otherHost), "any issuer", ""},
		{ofHost, each(similarHosts(quoted), at), "any issuer whose host begins or ends like " + host, ""},
		{ofDots, each(misspelt(host), at), "any issuer whose host looks like " + host, ""},
		{ofOwner, tenants, "any issuer at " + host, ""},
	}
}

// similarHosts are hosts that somebody else may own, for one as a regular expression.
func similarHosts(host string) []string {
	return []string{host + `\.` + lookalike + `\.example`, lookalike + `-` + host, lookalike + host, lookalike + `\.` + host}
}

// similar are names that somebody else may have, for one as a regular expression.
func similar(name string) []string {
	return []string{name + "-" + lookalike, name + lookalike, lookalike + "-" + name, lookalike + name}
}

// misspelt are hosts with a letter for a dot, as regular expressions.
func misspelt(host string) []string {
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
