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

package admission

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// KeysName is the name of the ConfigMap, in the namespace of policy-controller's webhook, with an entry for each TrustRoot that
// policy-controller can use (pkg/apis/config.SigstoreKeysConfigName). The webhook reads the entries and not the TrustRoots.
const KeysName = "config-sigstore-keys"

// Usability says whether admission can use a TrustRoot. The zero value is UsabilityUnknown.
type Usability uint8

const (
	// UsabilityUnknown means that it is not known whether policy-controller has the keys of the TrustRoot.
	UsabilityUnknown Usability = iota
	// Usable means that policy-controller has the keys of the TrustRoot.
	Usable
	// NotUsable means that policy-controller has no keys of the TrustRoot: an authority that names it accepts no image.
	NotUsable
	// KeysDiffer means that policy-controller has other keys than the TrustRoot, usually those of an earlier version.
	KeysDiffer
)

// TrustRootUse says whether admission can use a TrustRoot. The zero value is unknown.
type TrustRootUse struct {
	Usability Usability
	// Refused reports whether policy-controller refuses the TrustRoot as it is now. It may have the keys of an earlier version.
	Refused bool
	// Message says why the TrustRoot cannot be used, or why that is not known; empty if it is Usable.
	Message string
}

// Reason returns the reason of what follows from the use; empty if the TrustRoot is usable.
func (u TrustRootUse) Reason() string {
	switch {
	case u.Usability == Usable:
		return ""
	case u.Refused:
		return v1alpha1.TrustRootNotUsableReason
	default:
		return v1alpha1.TrustRootNotReadyReason
	}
}

// TrustRoot is what is known about a TrustRoot. The zero value is unknown.
type TrustRoot struct {
	Name string
	// Missing reports whether the TrustRoot does not exist.
	Missing bool
	// Planned reports whether the TrustRoot is judged by itself, because it is in a file that is going to be applied, or because
	// no cluster is asked.
	Planned bool
	// Keys identifies the keys and certificates, as an entry of KeysName does; empty if they are not known.
	Keys string
	// Refusal says why no version of policy-controller can use the keys; empty if nothing is known to speak against it.
	Refusal string

	// otherTargets reports whether the targets of its TUF repository are in a directory that not every version of policy-controller
	// looks into; see Behavior.
	otherTargets bool
	// processed and ready report whether policy-controller has seen the current version, and whether it can use it. failure is
	// why not, if it says so.
	processed, ready bool
	failure          string
}

// DefaultTargets is the directory of a TUF repository in which every version of policy-controller finds trusted_root.json.
const DefaultTargets = "targets"

// OtherTargets returns the path of the field in which a TrustRoot names another directory than DefaultTargets; empty if none does.
func OtherTargets(object *unstructured.Unstructured) string {
	for _, form := range []string{"repository", "remote"} {
		directory, _, _ := unstructured.NestedString(object.Object, "spec", form, "targets")
		if directory = strings.Trim(directory, "/"); directory != "" && directory != DefaultTargets {
			return "spec." + form + ".targets"
		}
	}
	return ""
}

// maxFailure bounds what is quoted of the status of a TrustRoot, in bytes.
const maxFailure = 200

// ReadTrustRoot returns what a TrustRoot says about itself. The caller adds what its keys are.
func ReadTrustRoot(object *unstructured.Unstructured) TrustRoot {
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	root := TrustRoot{
		Name: object.GetName(), otherTargets: OtherTargets(object) != "", processed: observed != 0 && observed == object.GetGeneration(),
		ready: policy.ReadyCondition(object).Status == metav1.ConditionTrue,
	}
	// pkg/apis/policy/v1alpha1.TrustRootConditionKeysInlined and TrustRootConditionCMUpdated.
	for _, kind := range []string{"KeysInlined", "ConfigMapUpdated"} {
		if c := policy.Condition(object, kind); c.Status == metav1.ConditionFalse && root.failure == "" {
			root.failure = text.Truncate(text.Printable(cmp.Or(c.Message, c.Reason, kind+" is False")), maxFailure)
		}
	}
	return root
}

// insteadOfRefused says what to write instead of a TrustRoot that no version of policy-controller can use.
const insteadOfRefused = "write the keys in spec.sigstoreKeys without that one, " +
	"or name no TrustRoot and set --tuf-mirror and --tuf-root of policy-controller's webhook"

// Advice returns why policy-controller cannot use the keys of a TrustRoot and what to write instead, as a clause; empty if
// nothing is known to speak against it.
func (r TrustRoot) Advice() string {
	if r.Refusal == "" {
		return ""
	}
	return r.Refusal + "; " + insteadOfRefused
}

// problem says why policy-controller refuses the current version of the TrustRoot; empty if it is not known to.
func (r TrustRoot) problem() string {
	switch {
	case r.Refusal != "":
		return r.Advice()
	case r.processed && r.failure != "":
		return "it reports: " + r.failure
	case r.processed && !r.ready:
		return "its status is not Ready, and its log says why"
	default:
		return ""
	}
}

// Keys are the entries of policy-controller's ConfigMap KeysName as KeysData reduces them. Nil means that they are not known.
type Keys map[string]string

const (
	// maxKeys is how many entries of a ConfigMap are kept.
	maxKeys = 100
	// moreKeys is the key of an entry that stands for those that are not kept.
	moreKeys = "more"
	// idLength is how much of a hash identifies an entry, in bytes.
	idLength = 16
)

// KeysData returns what identifies the entries of a ConfigMap named KeysName; identify returns what identifies the keys of one.
// Every namespace can have a ConfigMap of that name with other data, which is not kept.
func KeysData(data map[string]string, identify func(entry string) string) map[string]string {
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if len(kept) == maxKeys {
			kept[moreKeys] = ""
			break
		}
		kept[entryKey(name)] = shortened(identify(data[name]))
	}
	return kept
}

func entryKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:idLength])
}

func shortened(keys string) string { return keys[:min(len(keys), 2*idLength)] }

// Use returns whether admission can use a TrustRoot. Where no cluster shows what policy-controller has made of it, its versions
// count.
func (c *Cluster) Use(root TrustRoot) TrustRootUse {
	if root.Planned && root.otherTargets && root.problem() == "" {
		find := func(b Behavior) bool { return b.CustomTargets }
		switch message := "policy-controller %s does not find trusted_root.json in another directory than " + DefaultTargets; {
		case c.Versions.all(func(b Behavior) bool { return !find(b) }):
			return notUsable(message, c.Versions)
		case !c.Versions.all(find):
			return unknownUse(message, V015().Version)
		}
	}
	return c.Keys.Use(root)
}

// Use returns whether admission can use a TrustRoot where policy-controller has some keys. What policy-controller has decides,
// and not what its status says: it verifies by the keys of an earlier version until it has read the current one.
func (k Keys) Use(root TrustRoot) TrustRootUse {
	problem := root.problem()
	if root.Planned {
		if problem != "" {
			return notUsable("policy-controller cannot use TrustRoot %s: %s", root.Name, problem)
		}
		return TrustRootUse{Usability: Usable}
	}
	entry, found := k[entryKey(root.Name)]
	_, more := k[moreKeys]
	switch {
	case found && root.Keys != "" && entry == shortened(root.Keys) && root.Refusal == "":
		return TrustRootUse{Usability: Usable}
	case found:
		return differs(root, problem)
	case k == nil || more:
		return unread(root)
	case root.Missing:
		return notUsable("TrustRoot %s does not exist: create it", root.Name)
	case problem != "":
		return notUsable("policy-controller cannot use TrustRoot %s: %s", root.Name, problem)
	default:
		return unknownUse("policy-controller does not have the keys of TrustRoot %s yet", root.Name)
	}
}

// unread returns the use of a TrustRoot where the keys that policy-controller has are not known.
func unread(root TrustRoot) TrustRootUse {
	if root.ready && root.Refusal == "" {
		return TrustRootUse{Usability: Usable}
	}
	return unknownUse("it is not known whether policy-controller has the keys of TrustRoot %s", root.Name)
}

func differs(root TrustRoot, problem string) TrustRootUse {
	use := TrustRootUse{Usability: KeysDiffer}
	switch {
	case root.Missing:
		use.Message = fmt.Sprintf("TrustRoot %s does not exist, but policy-controller still has keys of that name", root.Name)
	case problem != "":
		use.Refused = true
		use.Message = fmt.Sprintf("policy-controller cannot use TrustRoot %s, and verifies by an earlier version of it: %s", root.Name, problem)
	case root.Keys == "":
		use.Message = fmt.Sprintf("policy-controller has keys of TrustRoot %s, and it is not known whether they are the current ones", root.Name)
	default:
		use.Message = fmt.Sprintf("policy-controller has other keys than TrustRoot %s, until it has read the current ones", root.Name)
	}
	return use
}

func notUsable(format string, args ...any) TrustRootUse {
	return TrustRootUse{Usability: NotUsable, Refused: true, Message: fmt.Sprintf(format, args...)}
}

func unknownUse(format string, args ...any) TrustRootUse {
	return TrustRootUse{Message: fmt.Sprintf(format, args...)}
}
