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

// Command credentialprovider is an exec credential provider for tests, as kubelet runs them:
//
//	credentialprovider LOG RESPONSE
//
// It reads a request, appends its image to the file LOG, and prints the file RESPONSE. If there is no such file, it fails, and tells
// a secret.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "credentialprovider:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: credentialprovider LOG RESPONSE")
	}
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	var request credentialv1.CredentialProviderRequest
	if err := decoder.Decode(&request); err != nil {
		return fmt.Errorf("the request cannot be read: %w", err)
	}
	if request.APIVersion != credentialv1.SchemeGroupVersion.String() || request.Kind != "CredentialProviderRequest" {
		return fmt.Errorf("the request is a %s of %s", request.Kind, request.APIVersion)
	}
	log, err := os.OpenFile(args[0], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(log, request.Image)
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	response, err := os.ReadFile(args[1])
	if err != nil {
		return errors.New("the password is not correct-horse")
	}
	_, err = out.Write(response)
	return err
}
