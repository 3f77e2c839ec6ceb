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

// Package memory measures what parsing and programs take, and has the texts that take the most.
package memory

import (
	"bytes"
	"runtime"
)

// Limit bounds what parsing one text from outside may allocate in all, in bytes.
const Limit = 50 << 20

// Allocated returns the bytes that a function allocates on the heap, including those that are free again. Nothing else must
// run at the same time.
func Allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Kept returns the bytes that what a function returns takes on the heap. Nothing else must run at the same time.
func Kept(build func() any) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	built := build()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(built)
	if after.HeapAlloc < before.HeapAlloc {
		return 0
	}
	return after.HeapAlloc - before.HeapAlloc
}

// Emptiest returns JSON texts of about a size in bytes by their name: in each, a field of an object is an array of elements
// that are as small as can be, or the object has as many fields as can be.
func Emptiest(field string, size int) map[string][]byte {
	array := func(element string) []byte {
		text := []byte(`{"` + field + `":[`)
		text = append(text, bytes.Repeat([]byte(element+","), size/(len(element)+1))...)
		return append(text, element+"]}"...)
	}
	return map[string][]byte{
		"objects":  array("{}"),
		"arrays":   array("[]"),
		"numbers":  array("1"),
		"texts":    array(`""`),
		"nulls":    array("null"),
		"fields":   append(append([]byte(`{"`+field+`":{`), bytes.Repeat([]byte(`"a":1,`), size/6)...), `"a":1}}`...),
		"repeated": append(append([]byte("{"), bytes.Repeat([]byte(`"`+field+`":[{}],`), size/(len(field)+8))...), `"`+field+`":[]}`...),
		"nested":   append(bytes.Repeat([]byte(`{"`+field+`":[`), size/(len(field)+5)), '1'),
	}
}
