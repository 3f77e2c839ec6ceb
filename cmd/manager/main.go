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

// The manager is the operator: it reconciles KarmadaImageTrusts.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/text"
)

// version is set when the manager is linked.
var version = "unknown"

func main() {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	opts, err := parseOptions(os.Args[0], os.Args[1:])
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return
	case err != nil:
		fmt.Fprint(os.Stderr, text.Sprintf("error: %s\n", err))
		os.Exit(2)
	case opts.version:
		fmt.Println(version)
		return
	}
	limitGarbage()
	logger := newLogger(&opts, os.Stderr)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger) // client-go's own messages, in the same format
	if err := run(ctrl.SetupSignalHandler(), opts); err != nil {
		ctrl.Log.Error(err, "The manager failed")
		os.Exit(1)
	}
}

// newLogger returns the logger of the operator. What others chose, such as the name of an image, is in logs too, and logs are
// read on terminals.
func newLogger(opts *managerOptions, w io.Writer) logr.Logger {
	return zap.New(zap.UseFlagOptions(&opts.log), zap.WriteTo(text.NewWriter(w)))
}
