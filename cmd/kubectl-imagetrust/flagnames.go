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
	"errors"
	"strings"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// flagErrors returns the message of an error of policy.Compile for a spec that was given as flags: it names the flags
// instead of the fields. An error about a field that has no flag is returned as it is.
func flagErrors(err error) string {
	var aggregate utilerrors.Aggregate
	if !errors.As(err, &aggregate) {
		return err.Error()
	}
	var messages []string
	for _, e := range aggregate.Errors() {
		messages = append(messages, flagError(e))
	}
	return strings.Join(messages, "; ")
}

func flagError(err error) string {
	invalid, ok := errors.AsType[*field.Error](err)
	if !ok {
		return err.Error()
	}
	flag, alternative := flagsOf(invalid.Field)
	switch {
	case flag == "":
		return err.Error()
	case invalid.Type == field.ErrorTypeRequired:
		return "set exactly one of " + flag + " and " + alternative
	default:
		return flag + ": " + invalid.ErrorBody()
	}
}

// flagsOf returns the flag for a field of a spec, and the flag that can be set instead of it.
func flagsOf(path string) (flag, alternative string) {
	switch path {
	case "spec.issuer":
		return "--issuer", "--issuer-regexp"
	case "spec.issuerRegexp":
		return "--issuer-regexp", "--issuer"
	case "spec.identity":
		return "--identity", "--identity-regexp"
	case "spec.identityRegexp":
		return "--identity-regexp", "--identity"
	default:
		return "", ""
	}
}
