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

// Package resilience tests the operator while it is restarted or killed, while registries and roots of trust
// fail, and while nothing changes.
package resilience

import (
	"testing"

	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// lab is shared by all tests of the suite, which therefore do not run in parallel.
var lab *labtest.Lab

func TestMain(m *testing.M) {
	labtest.Main(m, func(l *labtest.Lab) { lab = l })
}
