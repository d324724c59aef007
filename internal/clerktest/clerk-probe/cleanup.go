package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	cleanupTimeout = 2 * time.Minute
	// lateCreate is how long a create without an answer may still be carried out.
	lateCreate = 5 * time.Second
)

// cleanUp restores the settings and deletes the run's applications: those it knows, and those that a list finds under the
// prefix. The error names what is left.
func (p *probe) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	p.client.allowed = maxRequests
	err := p.restoreSettings(ctx)
	// Not every create was answered, and a list may stay behind: it is asked when both have had their time.
	wait := p.lag
	if p.lostCreates {
		wait = max(wait, lateCreate)
	}
	if p.lostCreates || p.anythingCreated() {
		_ = sleep(ctx, wait) // ends early only when ctx does, and then nothing works any more
		err = errors.Join(err, p.findLeftovers(ctx))
	}
	for _, a := range slices.Clone(p.remaining) {
		p.delete(ctx, a)
	}
	for _, a := range slices.Clone(p.remaining) {
		if got := p.delete(ctx, a); slices.Contains(p.remaining, a) {
			err = errors.Join(err, fmt.Errorf("could not delete the application %q (%s): %s", a.text("name"), a.text("id"), got))
		}
	}
	return err
}

func (p *probe) anythingCreated() bool { return p.a != nil || p.b != nil || len(p.remaining) > 0 }

// findLeftovers adds the applications whose names have the run's prefix.
func (p *probe) findLeftovers(ctx context.Context) error {
	var got answer
	for range 2 {
		got = p.client.call(ctx, http.MethodGet, applicationsPath+"?limit=100&order_by=-created_at&name_query="+url.QueryEscape(p.prefix), nil)
		if got.ok() {
			break
		}
	}
	if !got.ok() {
		return fmt.Errorf("could not look for applications that are left; look in the dashboard for names that begin with %q: %s", p.prefix, got)
	}
	found, _ := got.json["data"].([]any)
	for _, item := range found {
		fields, _ := item.(map[string]any)
		left := &application{object: fields}
		isKnown := func(a *application) bool { return a.text("id") == left.text("id") }
		if strings.HasPrefix(left.text("name"), p.prefix) && left.text("id") != "" && !slices.ContainsFunc(p.remaining, isKnown) {
			p.remaining = append(p.remaining, left)
		}
	}
	return nil
}

// delete deletes an application, unless it was deleted before.
func (p *probe) delete(ctx context.Context, a *application) answer {
	got := p.client.call(ctx, http.MethodDelete, a.path(), nil)
	if got.ok() || got.status == http.StatusNotFound && got.code() == "resource_not_found" {
		p.remaining = slices.DeleteFunc(p.remaining, func(other *application) bool { return other == a })
	}
	return got
}

// restoreSettings gives the settings back the values that they had before the run.
func (p *probe) restoreSettings(ctx context.Context) error {
	if len(p.changed) == 0 {
		return nil
	}
	var got answer
	for range 2 {
		if got = p.client.call(ctx, http.MethodPatch, settingsPath, p.changed); got.ok() {
			clear(p.changed)
			return nil
		}
	}
	return fmt.Errorf("could not restore the OAuth application settings, which were %v: %s", p.changed, got)
}
