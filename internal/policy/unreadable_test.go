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

package policy

import (
	"errors"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
)

func TestMaySelect(t *testing.T) {
	for _, tt := range []struct {
		glob    v1alpha1.ImageGlob
		written string
		want    bool
	}{
		{"ghcr.io/smana/*", "ghcr.io/smana/app:${TAG}", true},
		{"ghcr.io/smana/*", "ghcr.io/Smana/app:v1", true},
		{"ghcr.io/smana/*", "ghcr.io/smana/app:", true},
		{"ghcr.io/smana/*", "ghcr.io/smana/app:v1+meta", true},
		{"ghcr.io/smana/*", "ghcr.io/other/app:${TAG}", false},
		{"ghcr.io/smana/*", "ghcr.io/other/app@{{ .Digest }}", false},
		{"ghcr.io/smana/*", "ghcr.io/other/APP:v1", false},
		{"ghcr.io/smana/*", "oci://ghcr.io/smana/app:v1", true},
		{"ghcr.io/smana/*", "oci://ghcr.io/other/app:v1", false},
		{"ghcr.io/smana/*", "${IMAGE}", true},
		{"ghcr.io/smana/*", "$(params.image)", true},
		{"ghcr.io/smana/*", "<IMAGE>", true},
		{"ghcr.io/smana/*", "@IMAGE@", true},
		{"ghcr.io/smana/*", "{{ .Values.registry }}/app:v1", true},
		{"ghcr.io/smana/*", "registry:${PORT}/app:v1", true},
		{"ghcr.io/smana/*", "ghcr.io/${OWNER}/app:v1", true},
		{"ghcr.io/smana/*", "ghcr.io/other/${APP}:v1", true},
		{"ghcr.io/smana/*", "quay.io/${OWNER}/app:v1", false},
		{"ghcr.io/smana/*", "quay.io/${OWNER}/app:${TAG}", false},
		{"ghcr.io/smana/*", "smana/${APP}:v1", false},
		{"docker.io/smana/*", "smana/${APP}:v1", true},
		{"*.example.com/app/*", "quay.io/${OWNER}/app:v1", true},
		{"ghcr.io/smana/*", "REPLACE_ME", true},
	} {
		p, err := Compile(v1alpha1.KarmadaImageTrustSpec{
			Images: []v1alpha1.ImageGlob{tt.glob}, Issuer: "https://issuer.example.com", Identity: "someone@example.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = imagename.Parse(tt.written)
		invalid, ok := errors.AsType[*imagename.InvalidError](err)
		if !ok {
			t.Fatalf("%s: got %v", tt.written, err)
		}
		if got := p.MaySelect(invalid); got != tt.want {
			t.Errorf("%s, %s: got %t, want %t", tt.glob, tt.written, got, tt.want)
		}
	}
}
