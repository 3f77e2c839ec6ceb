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
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// observation is what was seen of a page.
type observation struct {
	// Requests are the URLs that were requested, the page's own first, and Console is what the browser reported.
	Requests []string
	Console  []string
	Title    string
	Lang     string
	// Rows counts the rows of the table of images, and Tools whether the filter is shown.
	Rows  int
	Tools bool
	// Searched, Untrusted and Cleared count the rows that are shown after a search, for one verdict, and after a reset; Status is what
	// the page says about it.
	Searched, Untrusted, Cleared int
	Status                       string
	// Order has the first cells of the column of images once it was sorted, and Sorted the value of aria-sort.
	Order, Reverse []string
	Sorted         string
	// Keyboard is what has the focus after the first press of the tab key, and Skipped after following it.
	Keyboard, Skipped string
	// Light and Dark are the colours of the page, and Contrasts texts that are hard to read in either.
	Light, Dark string
	Contrasts   []string
	// Overflow is by how many pixels a narrow page is too wide.
	Overflow int
	// PDF is the size of the printed page, and PrintTools whether the filter is printed.
	PDF        int
	PrintTools bool
	// Names are the accessible names by role.
	Names map[string][]string
	// Headers counts the cells of heads and rows without a scope.
	Headers int
}

// reader reads a page.
type reader struct {
	url, pictures string
	scripts       bool

	mu   sync.Mutex
	seen observation
}

// watch records requests and messages.
func (r *reader) watch(ctx context.Context) {
	chromedp.ListenTarget(ctx, func(event any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			r.seen.Requests = append(r.seen.Requests, e.Request.URL)
		case *log.EventEntryAdded:
			r.seen.Console = append(r.seen.Console, e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			r.seen.Console = append(r.seen.Console, fmt.Sprint("console.", e.Type))
		case *runtime.EventExceptionThrown:
			r.seen.Console = append(r.seen.Console, e.ExceptionDetails.Error())
		}
	})
}

func (r *reader) finish() *observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &r.seen
}

// read opens the page and uses it.
func (r *reader) read(ctx context.Context) error {
	s := &r.seen
	open := chromedp.Tasks{
		network.Enable(), log.Enable(), emulation.SetScriptExecutionDisabled(!r.scripts), chromedp.Navigate(r.url),
		chromedp.Title(&s.Title), chromedp.AttributeValue("html", "lang", &s.Lang, nil),
		value(`document.querySelectorAll('#image-table tbody tr').length`, &s.Rows),
		value(`!document.querySelector('form[data-filter=image-table]').hidden`, &s.Tools),
		value(`document.querySelectorAll('th:not([scope])').length`, &s.Headers),
		value(colours, &s.Light), value(contrasts("light"), &s.Contrasts), r.picture("light"),
	}
	if err := chromedp.Run(ctx, open); err != nil || !r.scripts {
		return err
	}
	var dark []string
	err := chromedp.Run(ctx, chromedp.Tasks{
		chromedp.KeyEvent("\t"), value(`document.activeElement.textContent`, &s.Keyboard),
		chromedp.KeyEvent("\r"), value(`document.activeElement.id`, &s.Skipped),

		chromedp.SendKeys(`form[data-filter=image-table] input`, "karmada-api"), chromedp.Sleep(settle),
		value(shown, &s.Searched), value(`document.querySelector('form[data-filter=image-table] output').textContent`, &s.Status),
		chromedp.Click(`form[data-filter=image-table] button[type=reset]`), chromedp.Sleep(settle),
		value(untrusted, new(string)), chromedp.Sleep(settle), value(shown, &s.Untrusted),
		r.picture("filtered"),
		chromedp.Click(`form[data-filter=image-table] button[type=reset]`), chromedp.Sleep(settle), value(shown, &s.Cleared),

		chromedp.Click(imageHead), value(column, &s.Order), value(sorting, &s.Sorted), chromedp.Click(imageHead), value(column, &s.Reverse),

		media("", "dark"), value(colours, &s.Dark), value(contrasts("dark"), &dark), r.picture("dark"),
		media("print", "light"), value(printed, &s.PrintTools),
		r.picture("print"), media("", "light"),
		chromedp.ActionFunc(r.print),
		emulation.SetDeviceMetricsOverride(narrowWidth, 900, 1, true), r.picture("narrow"),
		value(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &s.Overflow),
		chromedp.ActionFunc(r.names),
	})
	s.Contrasts = append(s.Contrasts, dark...)
	return err
}

// narrowWidth is that of a telephone.
const narrowWidth = 390

// print prints the page to a PDF.
func (r *reader) print(ctx context.Context) error {
	pdf, _, err := page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
	r.seen.PDF = len(pdf)
	if err == nil && r.pictures != "" {
		err = os.WriteFile(filepath.Join(r.pictures, "print.pdf"), pdf, 0o600)
	}
	return err
}

// names reads the accessible names of what a reader can use or jump to.
func (r *reader) names(ctx context.Context) error {
	nodes, err := accessibility.GetFullAXTree().Do(ctx)
	if err != nil {
		return err
	}
	r.seen.Names = map[string][]string{}
	for _, node := range nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := text(node.Role)
		switch role {
		case "button", "searchbox", "combobox", "table", "image", "region", "main", "navigation", "banner", "contentinfo", "heading":
			if len(r.seen.Names[role]) < maxNames {
				r.seen.Names[role] = append(r.seen.Names[role], text(node.Name))
			}
		}
	}
	return nil
}

// maxNames bounds the names of a role.
const maxNames = 200

// picture writes a picture of the whole page.
func (r *reader) picture(name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		if r.pictures == "" {
			return nil
		}
		var content []byte
		capture := page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng)
		content, err := capture.Do(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(r.pictures, name+".png"), content, 0o600)
	})
}
