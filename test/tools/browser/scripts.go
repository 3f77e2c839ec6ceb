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
	"encoding/json"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// settle is longer than the page waits for the end of an input.
const settle = 400 * time.Millisecond

// Expressions about the page.
const (
	shown     = `Array.from(document.querySelectorAll('#image-table tbody tr')).filter(function (r) { return !r.hidden; }).length`
	untrusted = `(function () {
	var s = document.querySelector('form[data-filter=image-table] select');
	s.value = 'Untrusted';
	s.dispatchEvent(new Event('input', { bubbles: true }));
	return s.value;
})()`
	imageHead = `#image-table thead .image button`
	sorting   = `document.querySelector('#image-table thead .image').getAttribute('aria-sort')`
	column    = `Array.from(document.querySelectorAll('#image-table tbody th')).slice(0, 20).map(function (h) { return h.textContent; })`
	printed   = `getComputedStyle(document.querySelector('form[data-filter=image-table] input')).display !== 'none'`
	colours   = `getComputedStyle(document.body).color + ' on ' + getComputedStyle(document.body).backgroundColor`
)

// contrasts returns an expression for the texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3), each pair of colours once.
func contrasts(scheme string) string {
	return strings.ReplaceAll(`(function () {
	function parse(c) { var m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? m.concat(1) : m; }
	function light(c) {
		var v = c.slice(0, 3).map(function (x) { x /= 255; return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4); });
		return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
	}
	var seen = {}, bad = [];
	document.querySelectorAll('body *').forEach(function (e) {
		if (e.closest('svg, script, [hidden], .skip') || e.tagName === 'OPTION') { return; }
		if (!Array.from(e.childNodes).some(function (n) { return n.nodeType === 3 && n.data.trim(); })) { return; }
		var front = parse(getComputedStyle(e).color), back = [255, 255, 255, 0];
		for (var at = e; at && back[3] === 0; at = at.parentElement) { back = parse(getComputedStyle(at).backgroundColor); }
		var key = front + ' on ' + back;
		if (seen[key]) { return; }
		seen[key] = true;
		var a = light(front), b = light(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) { bad.push('SCHEME: ' + e.tagName + ' ' + e.className + ': ' + ratio.toFixed(2) + ' ' + key); }
	});
	if (Object.keys(seen).length < 5) { bad.push('SCHEME: only ' + Object.keys(seen).length + ' pairs of colours were found'); }
	return bad;
})()`, "SCHEME", scheme)
}

// value evaluates an expression.
func value(expression string, into any) chromedp.Action { return chromedp.Evaluate(expression, into) }

// media emulates a medium and a preference for colours.
func media(medium, scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithMedia(medium).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// text is the value of an accessible property; empty if there is none.
func text(value *accessibility.Value) string {
	var s string
	if value != nil {
		_ = json.Unmarshal(value.Value, &s) // other types are not texts
	}
	return s
}
