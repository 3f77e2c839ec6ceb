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

package text

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// replacement stands for a character that must not be written.
const replacement = '?'

// Printable replaces every character that is not printable with a question mark: control characters, line ends and tabs
// among them, characters that are invisible or change the direction of writing, and bytes that are not UTF-8.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if isPrintable(r) {
			return r
		}
		return replacement
	}, s)
}

// isPrintable reports whether a character can be seen, and changes no other character. Blanks are printable, other white
// space is not.
func isPrintable(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f
	}
	return r != utf8.RuneError && unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Clean makes all strings printable that a pointer leads to: those in structs, slices, arrays and maps, but not the keys
// of maps. It is meant for objects whose text is written by several hands, such as a status.
func Clean(pointer any) { clean(reflect.ValueOf(pointer)) }

func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				clean(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			v.SetMapIndex(key, cleaned(v.MapIndex(key)))
		}
	case reflect.Interface:
		if !v.IsNil() && v.CanSet() {
			v.Set(cleaned(v.Elem()))
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(Printable(v.String()))
		}
	default:
	}
}

// cleaned returns a copy of a value that cannot be changed in its place.
func cleaned(v reflect.Value) reflect.Value {
	value := reflect.New(v.Type()).Elem()
	value.Set(v)
	clean(value)
	return value
}
