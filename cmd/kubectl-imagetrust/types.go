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
	"regexp"
	"strings"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// wrongType returns the field and the words of an error about a value of a wrong type, in the terms of YAML. The field is relative
// to the one that the error is about.
func wrongType(message string) (path, words string, found bool) {
	// The texts of libraries about values of a wrong type: those of encoding/json, of the schemas of the API server, and of the bounds
	// of this program. They are compiled here, since most commands find no such value.
	goType := regexp.MustCompile(`json: cannot unmarshal (\w+)(?: \S+)? into Go (?:struct field (\S+)|value) of type (\S+)$`)
	schemaType := regexp.MustCompile(`in body must be of type (\w+): "(\w+)"$`)
	if of := schemaType.FindStringSubmatch(message); of != nil {
		return "", "must be " + ofSchema(of[1]) + ", not " + ofSchema(of[2]), true
	}
	of := goType.FindStringSubmatch(message)
	if of == nil {
		return "", "", false
	}
	// The name of a struct comes first.
	_, path, _ = strings.Cut(of[2], ".")
	return path, "must be " + ofGo(of[3]) + ", not " + ofSchema(of[1]), true
}

// ofSchema names a type of JSON as it is written in YAML.
func ofSchema(name string) string {
	switch name {
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "string":
		return "text"
	case "integer", "number":
		return "a number"
	case "bool", "boolean":
		return "true or false"
	default:
		return name
	}
}

// ofGo names a type of Go as a value of it is written in YAML.
func ofGo(name string) string {
	switch {
	case name == "[]uint8":
		return "text in Base64"
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case name == "string":
		return "text"
	case name == "bool":
		return "true or false"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"), strings.HasPrefix(name, "float"):
		return "a number"
	default:
		return "a mapping"
	}
}

// configData returns the fields of policy-controller's configuration.
func configData(object *manifests.Object) (map[string]string, error) {
	data := map[string]string{}
	switch fields := object.Object["data"].(type) {
	case nil:
	case map[string]any:
		for key, value := range fields {
			text, ok := value.(string)
			if !ok {
				return nil, invalidField(object, "data["+key+"]", "must be text, not "+ofValue(value)+": quote it")
			}
			data[key] = text
		}
	default:
		return nil, invalidField(object, "data", "must be a mapping, not "+ofValue(fields))
	}
	return data, nil
}

// ofValue names the type of a value.
func ofValue(value any) string {
	switch value.(type) {
	case nil:
		return "empty"
	case map[string]any:
		return ofSchema("object")
	case []any:
		return ofSchema("array")
	case string:
		return ofSchema("string")
	case bool:
		return ofSchema("boolean")
	default:
		return ofSchema("number")
	}
}
