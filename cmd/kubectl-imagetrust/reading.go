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
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/text"
)

// maxTold is how many warnings are printed, how many things that were skipped, and how many errors: what is read may be hostile.
const maxTold = 20

const allowEmptyFlag = "allow-empty"

// registerExclude registers the flag for what is left out of directories.
func registerExclude(flags *pflag.FlagSet, reader *manifests.Reader) {
	flags.StringArrayVar(&reader.Exclude, "exclude", nil,
		"glob of files and directories that are left out of the directories that are read, such as '**/testdata'; may be repeated")
}

// registerAllowEmpty registers the flag for input without any object.
func registerAllowEmpty(flags *pflag.FlagSet, allowed *bool) {
	flags.BoolVar(allowed, allowEmptyFlag, false, "succeed if a file, a directory or standard input has no Kubernetes object")
}

// manifestFlags name the manifests that a command is about.
type manifestFlags struct {
	manifests  []string
	allowEmpty bool
}

func (f *manifestFlags) register(flags *pflag.FlagSet, instead string) {
	flags.StringArrayVar(&f.manifests, "manifests", nil,
		"file or directory with manifests, or - for standard input"+instead+"; may be repeated")
	registerAllowEmpty(flags, &f.allowEmpty)
}

// read reads the manifests with the reader that has read the trusts.
func (f *manifestFlags) read(reader *manifests.Reader, s streams) (*manifests.Set, error) {
	reader.AllowEmpty = f.allowEmpty
	set, err := reader.ReadAll(f.manifests, s.In)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	tellWarnings(s, set.Warnings())
	tellUnmatched(s, reader)
	mayBeEmpty(set)
	for range set.Objects() {
		return set, nil
	}
	// There is nothing to look at.
	if err := complete(set, nil); err != nil {
		return nil, err
	}
	return set, nil
}

// readInputs reads the files, directories and standard input that have the trusts, and prints warnings about them. What cannot be
// read is in the set.
func readInputs(reader *manifests.Reader, paths []string, s streams) (*manifests.Set, error) {
	set, err := reader.ReadAll(paths, s.In)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	tellWarnings(s, set.Warnings())
	return set, nil
}

// complete returns the error that ends a command whose result is about a set of files: the exit code is that of wrong input if a
// part of them could not be read, whatever the result about the others is.
func complete(set *manifests.Set, result error) error {
	if err := errors.Join(set.Errors...); err != nil {
		return usageErrorf("%w", err)
	}
	return result
}

// mayBeEmpty adds to the errors about input without any object which flag allows it.
func mayBeEmpty(set *manifests.Set) {
	for i, err := range set.Errors {
		if _, empty := errors.AsType[*manifests.EmptyError](err); empty {
			set.Errors[i] = fmt.Errorf("%w (--%s allows this)", err, allowEmptyFlag)
		}
	}
}

// tellWarnings prints what is wrong in files although it can be read.
func tellWarnings(s streams, warnings []manifests.Warning) {
	var p text.Printer
	style := s.ErrOut.style()
	for _, one := range warnings[:min(len(warnings), maxTold)] {
		p.Printf("%s: %s:%d: %s\n", style.warning("warning"), one.File, one.Line, one.Message)
	}
	if more := len(warnings) - maxTold; more > 0 {
		p.Printf("%s: and %d more\n", style.warning("warning"), more)
	}
	_ = s.ErrOut.print(&p)
}

// tellSkipped prints what was not looked at, and why.
func tellSkipped(s streams, skipped []manifests.Skipped) {
	var p text.Printer
	for _, one := range skipped[:min(len(skipped), maxTold)] {
		at, about := one.File, ""
		if one.Line > 0 {
			at = fmt.Sprintf("%s:%d", one.File, one.Line)
		}
		if one.Object != "" {
			about = one.Object + ": "
		}
		p.Printf("skipped: %s: %s%s\n", at, about, one.Message)
	}
	if more := len(skipped) - maxTold; more > 0 {
		p.Printf("skipped: and %d more\n", more)
	}
	_ = s.ErrOut.print(&p)
}

// tellUnmatched warns of globs that exclude nothing. It is called when everything has been read.
func tellUnmatched(s streams, reader *manifests.Reader) {
	var p text.Printer
	for _, glob := range reader.Unmatched() {
		p.Printf("%s: --exclude %s matches nothing that was read\n", s.ErrOut.style().warning("warning"), glob)
	}
	_ = s.ErrOut.print(&p)
}

// noArguments reports an argument of a command that has flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if hint := expandedHint(cmd, args); hint != "" {
		return usageErrorf("unexpected argument %q: %s", args[0], hint)
	}
	return usageErrorf("unexpected argument %q: %s takes flags only", args[0], cmd.CommandPath())
}

// expandedHint is for arguments that are files: a shell makes them of a pattern behind a flag, which takes the first one only.
func expandedHint(cmd *cobra.Command, args []string) string {
	if !slices.ContainsFunc(args, isFile) {
		return ""
	}
	flag, directory := "-f", filepath.Dir(args[0])+string(filepath.Separator)
	if found := cmd.Flags().Lookup("manifests"); found != nil && found.Changed {
		flag = "--manifests"
	}
	return fmt.Sprintf("a flag takes one file, even if the shell makes several of a pattern; name the directory, as in %s %s, "+
		"or repeat the flag for each file", flag, directory)
}

func isFile(arg string) bool {
	switch filepath.Ext(arg) {
	case ".yaml", ".yml", ".json":
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}
