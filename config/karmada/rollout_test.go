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

package karmada

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeKubectl answers what the rollout asks from environment variables, and prints what it would change. The tests against a real
// control plane are in test/suites/karmada; this one covers every state in which the script may be started.
const fakeKubectl = `#!/usr/bin/env bash
group=all
[[ "$*" == *--cluster-selector=rollout=canary* ]] && group=canary
case "$*" in
"get karmadaimagetrust "*) [[ -z $UNREACHABLE ]] || exit 1; printf %s "$ENFORCEMENT" ;;
"get clusteroverridepolicy "*) printf %s "$OVERRIDE" ;;
"imagetrust status "*--output=*) [[ $group == canary ]] && printf "$CANARY_MODES" || printf "$ALL_MODES"; exit 3 ;;
"imagetrust status "*--ready-to-enforce*) [[ $group == canary ]] && exit "${CANARY:-0}" || exit "${ALL:-0}" ;;
"apply "* | "patch "* | "delete "*) echo "CHANGE $1 $2" ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac
`

func TestRolloutSteps(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "kubectl"), []byte(fakeKubectl), 0o700); err != nil {
		t.Fatal(err)
	}
	const override, enforcing, mixed = "OVERRIDE=x", "a: enforce\\nb: enforce\\n", "a: enforce\\nb: \\n"
	for name, tc := range map[string]struct {
		env  []string
		code int
		want string
	}{
		"nothing":                      {nil, 0, "CHANGE apply --server-side"},
		"unreachable":                  {[]string{"UNREACHABLE=1"}, 2, ""},
		"an override without a trust":  {[]string{override}, 2, ""},
		"audit":                        {[]string{"ENFORCEMENT=Audit"}, 0, "CHANGE apply --server-side"},
		"audit, canary denies":         {[]string{"ENFORCEMENT=Audit", "CANARY=1"}, 1, ""},
		"audit, canary is silent":      {[]string{"ENFORCEMENT=Audit", "CANARY=3"}, 1, ""},
		"audit, no canary":             {[]string{"ENFORCEMENT=Audit", "CANARY=2"}, 1, ""},
		"audit, another denies":        {[]string{"ENFORCEMENT=Audit", "ALL=1"}, 0, "CHANGE apply --server-side"},
		"canary enforces":              {[]string{"ENFORCEMENT=Audit", override, "CANARY_MODES=" + enforcing}, 0, "CHANGE patch karmadaimagetrust"},
		"canary does not enforce yet":  {[]string{"ENFORCEMENT=Audit", override, "CANARY_MODES=" + mixed}, 1, ""},
		"canary warns":                 {[]string{"ENFORCEMENT=Audit", override, "CANARY_MODES=a: warn\\n"}, 1, ""},
		"canary reports nothing":       {[]string{"ENFORCEMENT=Audit", override}, 1, ""},
		"canary enforces, one denies":  {[]string{"ENFORCEMENT=Audit", override, "CANARY_MODES=" + enforcing, "ALL=1"}, 1, ""},
		"canary enforces, one silent":  {[]string{"ENFORCEMENT=Audit", override, "CANARY_MODES=" + enforcing, "ALL=3"}, 1, ""},
		"enforced":                     {[]string{"ENFORCEMENT=Enforce", override, "ALL_MODES=" + enforcing}, 0, "CHANGE delete --filename=canary.yaml"},
		"not enforced everywhere yet":  {[]string{"ENFORCEMENT=Enforce", override, "ALL_MODES=" + mixed}, 1, ""},
		"complete":                     {[]string{"ENFORCEMENT=Enforce", "ALL_MODES=" + enforcing}, 0, ""},
		"complete, and one denies now": {[]string{"ENFORCEMENT=Enforce", "ALL_MODES=" + enforcing, "ALL=1"}, 1, ""},
		"complete, and one fell back":  {[]string{"ENFORCEMENT=Enforce", "ALL_MODES=" + mixed}, 1, ""},
		"warn":                         {[]string{"ENFORCEMENT=Warn"}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), filepath.Join("rollout", "rollout.sh"))
			command.Env = append([]string{"PATH=" + directory + ":" + os.Getenv("PATH")}, tc.env...)
			out, err := command.CombinedOutput()
			code := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			var changes []string
			for line := range strings.Lines(string(out)) {
				if strings.HasPrefix(line, "CHANGE ") {
					changes = append(changes, strings.TrimSpace(line))
				}
			}
			if got := strings.Join(changes, "; "); code != tc.code || got != tc.want {
				t.Errorf("exit code %d, want %d; changes %q, want %q:\n%s", code, tc.code, got, tc.want, out)
			}
		})
	}
}
