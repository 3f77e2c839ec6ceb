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
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/types/known/timestamppb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// trustRootSpec has the fields of a TrustRoot that are read (policy-controller v0.14.0,
// pkg/apis/policy/v1alpha1/trustroot_types.go). Importing its types would add about 50 MB to the binary.
type trustRootSpec struct {
	Remote       *remote       `json:"remote"`
	Repository   *repository   `json:"repository"`
	SigstoreKeys *sigstoreKeys `json:"sigstoreKeys"`
}

// remote is a TUF repository at a URL.
type remote struct {
	Root              []byte `json:"root"` // root.json
	Mirror            string `json:"mirror"`
	Targets           string `json:"targets"`
	TrustedRootTarget string `json:"trustedRootTarget"`
}

// repository is a TUF repository in the object itself.
type repository struct {
	Root              []byte `json:"root"` // root.json
	MirrorFS          []byte `json:"mirrorFS"`
	Targets           string `json:"targets"`
	TrustedRootTarget string `json:"trustedRootTarget"`
}

type sigstoreKeys struct {
	CertificateAuthorities []certificateAuthority `json:"certificateAuthorities"`
	TLogs                  []transparencyLog      `json:"tLogs"`
	CTLogs                 []transparencyLog      `json:"ctLogs"`
	TimestampAuthorities   []certificateAuthority `json:"timestampAuthorities"`
}

type certificateAuthority struct {
	URI       string `json:"uri"`
	CertChain []byte `json:"certChain"` // PEM, the root last
}

type transparencyLog struct {
	BaseURL       string `json:"baseURL"`
	HashAlgorithm string `json:"hashAlgorithm"`
	PublicKey     []byte `json:"publicKey"` // PEM
}

// maxObject bounds the spec of a TrustRoot, in bytes: an API server stores no larger objects.
const maxObject = 2 << 20

func readSpec(object *unstructured.Unstructured) (*trustRootSpec, error) {
	encoded, err := json.Marshal(object.Object["spec"])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(encoded) > maxObject {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalid, maxObject)
	}
	var spec trustRootSpec
	if err := bounds.Unmarshal(encoded, bounds.TrustRoot(), &spec); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &spec, nil
}

// Check returns an error if a policy-controller TrustRoot has fields of a wrong type. The error wraps ErrInvalid.
func Check(object *unstructured.Unstructured) error {
	_, err := readSpec(object)
	return err
}

// FromTrustRoot parses a policy-controller TrustRoot that requires no network: one with keys, or with a packed TUF repository.
// Keys have no periods of validity: like at admission, they are valid at any time. An error wraps ErrInvalid.
func FromTrustRoot(object *unstructured.Unstructured) (*Root, error) {
	spec, err := readSpec(object)
	if err != nil {
		return nil, err
	}
	switch {
	case spec.SigstoreKeys != nil:
		trusted, err := spec.SigstoreKeys.convert()
		if err != nil {
			return nil, fmt.Errorf("%w: spec.sigstoreKeys.%w", ErrInvalid, err)
		}
		read, err := newRoot(trusted, spec.SigstoreKeys)
		if err != nil {
			return nil, err
		}
		read.Material, err = withCheckpointIDs(trusted)
		return read, err
	case spec.Repository != nil:
		return spec.Repository.unpack()
	default:
		return nil, fmt.Errorf("%w: write the keys of your Sigstore in spec.sigstoreKeys, "+
			"or its TUF repository in spec.remote or spec.repository", ErrInvalid)
	}
}

// Load parses any policy-controller TrustRoot, and fetches its TUF repository if it has one. Offline is taken from the settings,
// and so is CacheDir, in which each TUF repository has a directory of its own.
func Load(ctx context.Context, object *unstructured.Unstructured, settings Repository) (*Root, error) {
	spec, err := readSpec(object)
	if err != nil {
		return nil, err
	}
	if spec.Remote == nil {
		return FromTrustRoot(object) //nolint:contextcheck // it reads the object, which cannot be cancelled
	}
	repository, err := spec.Remote.repository()
	if err != nil {
		return nil, err
	}
	repository.Offline = settings.Offline
	if repository.CacheDir, err = spec.Remote.cacheDir(settings.CacheDir); err != nil {
		return nil, err
	}
	return repository.Fetch(ctx)
}

// unpack parses the root of trust in a packed TUF repository. It expires with the metadata of the repository.
func (r *repository) unpack() (*Root, error) {
	files, err := openArchive(r.MirrorFS)
	if err != nil {
		return nil, err
	}
	if len(r.Root) == 0 {
		return nil, fmt.Errorf("%w: spec.repository.root must be the initial root.json of the repository", ErrInvalid)
	}
	packed := Repository{Root: r.Root, Targets: r.Targets, Target: r.TrustedRootTarget, packed: files}
	root, state, err := packed.fetch(context.Background(), false)
	if err != nil {
		return nil, fmt.Errorf("%w: spec.repository: %w", ErrInvalid, err)
	}
	root.Expires = state.expires()
	return root, nil
}

// fingerprint identifies the TUF repository.
func (r *remote) fingerprint() (string, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), nil
}

// cacheDir returns the directory of the TUF repository within that of all of them; empty if there is none. Its name depends
// on all that the repository is verified by, and on nothing that others could choose to make it another path.
func (r *remote) cacheDir(all string) (string, error) {
	if all == "" {
		return "", nil
	}
	fingerprint, err := r.fingerprint()
	return filepath.Join(all, fingerprint), err
}

// repository returns the Repository at the URL.
func (r *remote) repository() (Repository, error) {
	mirror, err := url.Parse(r.Mirror)
	if err != nil || mirror.Scheme != "https" && mirror.Scheme != "http" || mirror.Host == "" || !isFileName(tuf.URLToPath(r.Mirror)) {
		return Repository{}, fmt.Errorf("%w: spec.remote.mirror must be the URL of a TUF repository", ErrInvalid)
	}
	if len(r.Root) == 0 {
		return Repository{}, fmt.Errorf("%w: spec.remote.root must be the initial root.json of the mirror", ErrInvalid)
	}
	return Repository{Mirror: r.Mirror, Root: r.Root, Targets: r.Targets, Target: r.TrustedRootTarget}, nil
}

// convert converts the keys to the Sigstore format, so that sigstore-go checks them.
func (k *sigstoreKeys) convert() (*prototrustroot.TrustedRoot, error) {
	trusted := &prototrustroot.TrustedRoot{MediaType: root.TrustedRootMediaType01}
	for i, source := range k.CertificateAuthorities {
		authority, err := source.convert()
		if err != nil {
			return nil, fmt.Errorf("certificateAuthorities[%d]: %w", i, err)
		}
		trusted.CertificateAuthorities = append(trusted.CertificateAuthorities, authority)
	}
	for i, source := range k.TLogs {
		log, err := source.convert()
		if err != nil {
			return nil, fmt.Errorf("tLogs[%d]: %w", i, err)
		}
		trusted.Tlogs = append(trusted.Tlogs, log)
	}
	for i, source := range k.CTLogs {
		log, err := source.convert()
		if err != nil {
			return nil, fmt.Errorf("ctLogs[%d]: %w", i, err)
		}
		trusted.Ctlogs = append(trusted.Ctlogs, log)
	}
	for i, source := range k.TimestampAuthorities {
		authority, err := source.convert()
		if err != nil {
			return nil, fmt.Errorf("timestampAuthorities[%d]: %w", i, err)
		}
		trusted.TimestampAuthorities = append(trusted.TimestampAuthorities, authority)
	}
	return trusted, nil
}

// always is the period of validity of keys without one: since the epoch, like in policy-controller.
func always() *protocommon.TimeRange {
	return &protocommon.TimeRange{Start: &timestamppb.Timestamp{}}
}

func (a certificateAuthority) convert() (*prototrustroot.CertificateAuthority, error) {
	certificates, err := cryptoutils.UnmarshalCertificatesFromPEM(a.CertChain)
	if err != nil {
		return nil, fmt.Errorf("certChain: %w", err)
	}
	chain := &protocommon.X509CertificateChain{}
	for _, certificate := range certificates {
		chain.Certificates = append(chain.Certificates, &protocommon.X509Certificate{RawBytes: certificate.Raw})
	}
	return &prototrustroot.CertificateAuthority{Uri: a.URI, CertChain: chain, ValidFor: always()}, nil
}

func (l transparencyLog) convert() (*prototrustroot.TransparencyLogInstance, error) {
	if l.HashAlgorithm != "sha-256" && l.HashAlgorithm != "sha256" {
		return nil, fmt.Errorf("hashAlgorithm: %q is not supported; only sha-256 is", l.HashAlgorithm)
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(l.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	details, err := keyDetails(key)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	// The ID is not in the object; it is derived from the key (RFC 6962, section 3.2).
	logID, err := cosign.GetTransparencyLogID(key)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	keyID, err := hex.DecodeString(logID)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	return &prototrustroot.TransparencyLogInstance{
		BaseUrl:       l.BaseURL,
		HashAlgorithm: protocommon.HashAlgorithm_SHA2_256,
		PublicKey:     &protocommon.PublicKey{RawBytes: der, KeyDetails: details, ValidFor: always()},
		LogId:         &protocommon.LogId{KeyId: keyID},
	}, nil
}

// withCheckpointIDs returns the material of a root of trust in which a log is known by both identifiers that it may have: that of
// Rekor v1, which depends on the key alone, and that of Rekor v2, which is the key's in checkpoints and includes the log's host name
// (C2SP, signed-note). The object does not say which of them the log is. For ECDSA keys they are the same.
func withCheckpointIDs(trusted *prototrustroot.TrustedRoot) (root.TrustedMaterial, error) {
	both := &prototrustroot.TrustedRoot{
		MediaType: trusted.GetMediaType(), Tlogs: slices.Clone(trusted.GetTlogs()), Ctlogs: trusted.GetCtlogs(),
		CertificateAuthorities: trusted.GetCertificateAuthorities(), TimestampAuthorities: trusted.GetTimestampAuthorities(),
	}
	for _, log := range trusted.GetTlogs() {
		base, err := url.Parse(log.GetBaseUrl())
		if err != nil {
			continue
		}
		key, err := x509.ParsePKIXPublicKey(log.GetPublicKey().GetRawBytes())
		if err != nil {
			continue
		}
		_, id, err := note.KeyHash(base.Hostname(), key)
		if err != nil || bytes.Equal(id, log.GetLogId().GetKeyId()) {
			continue
		}
		both.Tlogs = append(both.Tlogs, &prototrustroot.TransparencyLogInstance{
			BaseUrl: log.GetBaseUrl(), HashAlgorithm: log.GetHashAlgorithm(), PublicKey: log.GetPublicKey(),
			LogId: &protocommon.LogId{KeyId: id},
		})
	}
	material, err := root.NewTrustedRootFromProtobuf(both)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return verifiedOnce(material), nil
}

func keyDetails(key crypto.PublicKey) (protocommon.PublicKeyDetails, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, nil
		case elliptic.P384():
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, nil
		case elliptic.P521():
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, nil
		}
	case *rsa.PublicKey:
		switch k.N.BitLen() {
		case 2048:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, nil
		case 3072:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, nil
		case 4096:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, nil
		}
	case ed25519.PublicKey:
		return protocommon.PublicKeyDetails_PKIX_ED25519, nil
	}
	return 0, errors.New("must be ECDSA on P-256, P-384 or P-521, RSA of 2048, 3072 or 4096 bits, or Ed25519")
}
