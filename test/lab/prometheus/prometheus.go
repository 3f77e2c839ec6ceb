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

// Package prometheus runs a real Prometheus that scrapes what a test names.
package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// Server is a Prometheus that runs.
type Server struct {
	process *process.Process
	port    *freeport.Port
}

// Start starts a Prometheus that scrapes a target, host:port, each second, and evaluates the groups of rules in a file, if
// one is named. Its files are in dir.
func Start(ctx context.Context, dir, target, rules string) (*Server, error) {
	program, err := binaries.Find(binaries.Prometheus)
	if err != nil {
		return nil, err
	}
	settings := map[string]any{
		"global": map[string]any{"scrape_interval": "1s", "evaluation_interval": "1s"},
		"scrape_configs": []any{map[string]any{
			"job_name": "karmada-image-trust", "static_configs": []any{map[string]any{"targets": []string{target}}},
		}},
	}
	if rules != "" {
		settings["rule_files"] = []string{rules}
	}
	config, err := yaml.Marshal(settings)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "prometheus.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	port, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	s := &Server{port: port}
	s.process, err = process.Start(ctx, process.Command{
		Name: "prometheus", Path: program, LogFile: filepath.Join(dir, "prometheus.log"),
		Args: []string{
			"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + port.Address(),
			"--log.level=warn",
		},
		Ready: process.Answers(http.DefaultClient, s.url("/-/ready", nil)),
	})
	if err != nil {
		return nil, errors.Join(err, port.Release())
	}
	return s, nil
}

// Stop ends it.
func (s *Server) Stop() error { return errors.Join(s.process.Stop(), s.port.Release()) }

// Sample is one element of the answer to a query.
type Sample struct {
	Labels map[string]string `json:"metric"`
	// Value is the time and the value, the latter as a string.
	Value [2]any `json:"value"`
}

// Query evaluates an expression in PromQL now.
func (s *Server) Query(ctx context.Context, expression string) ([]Sample, error) {
	var answer struct{ Result []Sample }
	err := s.get(ctx, "/api/v1/query", url.Values{"query": {expression}}, &answer)
	return answer.Result, err
}

// Rule is a rule as Prometheus evaluates it.
type Rule struct {
	Name, Query, Health, LastError, State string
}

// Rules returns all rules.
func (s *Server) Rules(ctx context.Context) ([]Rule, error) {
	var answer struct{ Groups []struct{ Rules []Rule } }
	if err := s.get(ctx, "/api/v1/rules", nil, &answer); err != nil {
		return nil, err
	}
	var all []Rule
	for _, group := range answer.Groups {
		all = append(all, group.Rules...)
	}
	return all, nil
}

func (s *Server) url(path string, query url.Values) string {
	return (&url.URL{Scheme: "http", Host: s.port.Address(), Path: path, RawQuery: query.Encode()}).String()
}

// get decodes the data of an answer of the API.
func (s *Server) get(ctx context.Context, path string, query url.Values, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url(path, query), http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("decoding the answer to %s: %w", path, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return nil
}
