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

// The installer writes the manifests of an installation, config/default, into one file.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/hack/render"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "installer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := pflag.NewFlagSet("installer", pflag.ContinueOnError)
	image := flags.String("image", "", "image of the manager, with a tag, a digest or both; that in config/ if empty")
	components := flags.StringSlice("component", nil, "component in config/ to include, such as reports; may be repeated")
	root := flags.String("root", ".", "directory of the repository")
	output := flags.String("output", "", "file to write; standard output if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	built, err := render.Installation(*root, render.Options{Components: *components, Image: *image})
	if err != nil {
		return err
	}
	content, err := built.AsYaml()
	if err != nil {
		return err
	}
	if *output == "" {
		_, err = os.Stdout.Write(content)
		return err
	}
	return os.WriteFile(*output, content, 0o644) //nolint:gosec // a file for everyone
}
