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

package trustroot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/fetcher"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// trustedRootTarget is the target with the trusted root in a Sigstore TUF repository.
const trustedRootTarget = "trusted_root.json"

// Repository is a Sigstore TUF repository. The zero value is that of the public good instance.
type Repository struct {
	// Mirror is its URL; empty for the public good instance's.
	Mirror string
	// Root is the content of the initial root.json; nil for that of the public good instance, which is part of the program.
	Root []byte
	// CacheDir is where its metadata is cached across restarts; empty for no cache.
	CacheDir string
	// Targets is the directory of its targets; empty for the default.
	Targets string
	// Target is the name of the trusted root in it; empty for the default.
	Target string
	// Offline sends no requests to the Mirror: only CacheDir is used.
	Offline bool
	// IsDefault reports whether it has the default root of trust, which has to have logs: see Root.SuitsDefault.
	IsDefault bool

	// packed is the repository itself, instead of a Mirror.
	packed archive
}

func (r Repository) mirror() string {
	if r.packed != nil {
		return archiveURL
	}
	if r.Mirror == "" {
		return tuf.DefaultMirror
	}
	return r.Mirror
}

// host of the mirror; empty if its URL has none.
func (r Repository) host() string {
	address, err := url.Parse(r.mirror())
	if err != nil {
		return ""
	}
	return address.Host
}

// ErrOffline is in the chain of the error if a request is required while Offline is set.
var ErrOffline = errors.New("offline")

// Fetch fetches the trusted root once, for short-lived programs. Its error says why that failed.
func (r Repository) Fetch(ctx context.Context) (*Root, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	root, _, err := r.fetch(ctx, r.Offline)
	switch {
	case errors.Is(err, ErrOffline):
		return nil, &unavailableError{message: "no valid root of trust is cached, and fetching one is disabled", cause: err}
	case err != nil:
		return nil, r.unavailable(err)
	}
	return root, nil
}

// fetch fetches the trusted root, and returns the metadata that was downloaded for that. With cached set it uses the content of
// CacheDir while that is valid.
func (r Repository) fetch(ctx context.Context, cached bool) (root *Root, state tufState, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, state, err = nil, nil, fmt.Errorf("reading the TUF repository: panic: %v", p)
		}
	}()
	if !isFileName(tuf.URLToPath(r.mirror())) {
		return nil, nil, errNoMirror
	}
	download := fetcher.NewDefaultFetcher()
	transport := within(ctx)
	if r.Offline {
		transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, ErrOffline })
	}
	download.SetHTTPClient(&http.Client{Transport: transport, CheckRedirect: stay})
	files := &downloads{next: r.fetcher(download), targets: r.targets(defaultTargets)}
	opts := tuf.DefaultOptions().WithRepositoryBaseURL(r.mirror()).WithFetcher(files).WithContext(ctx)
	if r.Root != nil {
		opts = opts.WithRoot(r.Root)
	}
	if err := files.record(metadata.ROOT, opts.Root); err != nil {
		return nil, nil, err
	}
	if r.CacheDir == "" {
		opts = opts.WithDisableLocalCache()
	} else {
		opts = opts.WithCachePath(r.CacheDir)
	}
	if cached {
		opts = opts.WithForceCache()
	}
	client, err := tuf.New(opts)
	if err != nil {
		return nil, nil, err
	}
	content, err := client.GetTarget(cmp.Or(r.Target, trustedRootTarget))
	if err != nil {
		return nil, nil, err
	}
	root, err = FromJSON(content)
	if err == nil && r.IsDefault {
		err = root.SuitsDefault()
	}
	if err != nil {
		return nil, files.roles, err
	}
	return root, files.roles, nil
}

var errNoMirror = errors.New("the mirror is not the URL of a TUF repository")

// isFileName reports whether a name can be that of a file in a directory, and of no other.
func isFileName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, `/\`+"\x00")
}

// defaultTargets is the directory of the targets of a TUF repository.
const defaultTargets = "targets"

// fetcher fetches targets from the directory in which the repository has them.
func (r Repository) fetcher(next fetcher.Fetcher) fetcher.Fetcher {
	if r.packed != nil {
		next = r.packed
	}
	next = bounded{next}
	if r.Targets == "" || r.Targets == defaultTargets {
		return next
	}
	return targetRewriter{next: next, from: r.targets(defaultTargets), to: r.targets(strings.Trim(r.Targets, "/"))}
}

// targets returns the URL of a directory of targets.
func (r Repository) targets(directory string) string {
	return strings.TrimSuffix(r.mirror(), "/") + "/" + directory + "/"
}

// bounded refuses files that would take too much memory to parse. All files of a TUF repository that are fetched are JSON.
type bounded struct{ next fetcher.Fetcher }

// DownloadFile implements fetcher.Fetcher.
func (b bounded) DownloadFile(url string, limit int64, timeout time.Duration) ([]byte, error) {
	content, err := b.next.DownloadFile(url, limit, timeout)
	if err != nil {
		return nil, err
	}
	if err := bounds.TrustRoot().JSON(content); err != nil {
		return nil, fmt.Errorf("a file of the TUF repository is too large: %w", err)
	}
	return content, nil
}

// targetRewriter fetches targets from another directory than go-tuf does.
type targetRewriter struct {
	next     fetcher.Fetcher
	from, to string
}

// DownloadFile implements fetcher.Fetcher.
func (t targetRewriter) DownloadFile(url string, limit int64, timeout time.Duration) ([]byte, error) {
	if target, ok := strings.CutPrefix(url, t.from); ok {
		url = t.to + target
	}
	return t.next.DownloadFile(url, limit, timeout)
}

// stay follows redirects within the host that an administrator chose, so that a mirror cannot make the program ask others.
func stay(req *http.Request, via []*http.Request) error {
	const most = 10
	from := via[0].URL
	if req.URL.Host != from.Host || req.URL.Scheme != from.Scheme && req.URL.Scheme != "https" {
		return fmt.Errorf("the mirror redirects to %s://%s", req.URL.Scheme, req.URL.Host)
	}
	if len(via) >= most {
		return errors.New("the mirror redirects again and again")
	}
	return nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// within sets the context of the requests of go-tuf, which have none. go-tuf bounds their size.
func within(ctx context.Context) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		return http.DefaultTransport.RoundTrip(req.WithContext(ctx))
	})
}

// unavailableError says why there is no root of trust. Its text is the same for the same reason.
type unavailableError struct {
	message string
	cause   error
}

func (e *unavailableError) Error() string { return e.message }
func (e *unavailableError) Unwrap() error { return e.cause }

func (r Repository) unavailable(err error) error {
	host := cmp.Or(r.host(), "the TUF repository")
	reason := "cannot be reached"
	var (
		status *metadata.ErrDownloadHTTP
		below  *url.Error
	)
	switch {
	case errors.As(err, &status):
		reason = fmt.Sprintf("answers %d %s", status.StatusCode, http.StatusText(status.StatusCode))
	case errors.Is(err, context.DeadlineExceeded):
		reason = "does not answer in time"
	case errors.Is(err, ErrRollback):
		reason = "has older metadata than before"
	case !errors.As(err, &below):
		reason = "has no usable trusted root"
	}
	return &unavailableError{message: "the root of trust could not be fetched: " + host + " " + reason, cause: err}
}
