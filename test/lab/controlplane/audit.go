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

package controlplane

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Request is a request that the API server has answered, as its audit log has it.
type Request struct {
	// Time is when the API server received it.
	Time time.Time
	// User is the authenticated user's name.
	User string
	// Verb is Kubernetes' (get, list, watch, create, update, patch, delete,
	// deletecollection), or a lower-case HTTP method outside of resources.
	Verb string
	// Group, Resource, Subresource, Namespace and Name say what was asked for;
	// all are empty outside of resources. Name is also empty for requests on
	// many objects, and for a create that was denied before its body was read.
	Group, Resource, Subresource, Namespace, Name string
	// URI is the path and the query, such as dryRun=All (which a delete has in
	// its body instead).
	URI string
	// Code is the HTTP status.
	Code      int
	UserAgent string
}

// IsWrite reports whether the verb can change objects.
func (r Request) IsWrite() bool {
	switch r.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return true
	default:
		return false
	}
}

// Requests returns what the API server received at or after a time and has
// answered, in the order of the answers. A request appears right after its
// answer was sent, so the last one may lag behind its client by a moment.
func (c *Cluster) Requests(since time.Time) ([]Request, error) {
	file, err := os.Open(c.auditLog())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	return readAuditLog(file, since)
}

func (c *Cluster) auditLog() string { return c.file("audit.log") }

// auditEvent is the part of audit.k8s.io/v1 Event that a Request is made of.
type auditEvent struct {
	Stage                    string
	RequestReceivedTimestamp time.Time
	RequestURI               string
	Verb                     string
	UserAgent                string
	User                     struct{ Username string }
	ObjectRef                struct{ APIGroup, Resource, Subresource, Namespace, Name string }
	ResponseStatus           struct{ Code int }
}

func readAuditLog(log io.Reader, since time.Time) ([]Request, error) {
	var requests []Request
	for reader := bufio.NewReader(log); ; {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return requests, nil // what lacks its newline is still being written
		} else if err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		var event auditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("parse the audit log: %w: %s", err, bytes.TrimSpace(line))
		}
		if event.Stage != "ResponseComplete" || event.RequestReceivedTimestamp.Before(since) {
			continue
		}
		requests = append(requests, Request{
			Time:        event.RequestReceivedTimestamp,
			User:        event.User.Username,
			Verb:        event.Verb,
			Group:       event.ObjectRef.APIGroup,
			Resource:    event.ObjectRef.Resource,
			Subresource: event.ObjectRef.Subresource,
			Namespace:   event.ObjectRef.Namespace,
			Name:        event.ObjectRef.Name,
			URI:         event.RequestURI,
			Code:        event.ResponseStatus.Code,
			UserAgent:   event.UserAgent,
		})
	}
}
