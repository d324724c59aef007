package clerktest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The methods in this file are what someone else does, in the dashboard or with another tool. They
// panic for an application that does not exist: that is a mistake in the test.

// Application returns an application of any instance as it is now, whatever lagging reads see.
func (s *Server) Application(id string) (Application, bool) {
	for _, a := range s.Applications() {
		if a.ID == id {
			return a, true
		}
	}
	return Application{}, false
}

// Applications returns the applications of every instance as they are now, oldest first within an
// instance.
func (s *Server) Applications() []Application {
	defer s.lock()()
	var all []Application
	for _, in := range s.instances {
		for _, a := range in.applications() {
			all = append(all, a.copy())
		}
	}
	return all
}

// FindAll returns the applications of exactly this name, oldest first.
func (s *Server) FindAll(name string) []Application {
	return slices.DeleteFunc(s.Applications(), func(a Application) bool { return a.Name != name })
}

// Find returns the oldest application of exactly this name.
func (s *Server) Find(name string) (Application, bool) {
	if found := s.FindAll(name); len(found) > 0 {
		return found[0], true
	}
	return Application{}, false
}

// Edit changes an application. updated_at becomes the current time, unless the function sets it.
func (s *Server) Edit(id string, edit func(*Application)) {
	s.change(id, func(w *work, a *Application) {
		before := a.UpdatedAt
		if edit(a); a.UpdatedAt == before {
			w.touch(a)
		}
	})
}

// Rotate gives an application a new client secret, like the dashboard, and returns the secret.
func (s *Server) Rotate(id string) (secret string) {
	s.change(id, func(w *work, a *Application) {
		w.issueSecret(a)
		secret = a.currentSecret()
		if w.switches.RotateUpdatedAt == "touch" {
			w.touch(a)
		}
	})
	return secret
}

// Delete deletes an application.
func (s *Server) Delete(id string) {
	defer s.lock()()
	in, _ := s.mustFind(id)
	s.by(in).put(id, nil)
}

// change replaces an application by an edited copy.
func (s *Server) change(id string, edit func(*work, *Application)) {
	defer s.lock()()
	in, before := s.mustFind(id)
	w := s.by(in)
	after := before.copy()
	edit(w, &after)
	w.put(id, &after)
}

// Seed adds an application to the first instance with Clerk's defaults and then the caller's
// changes, which may set the id and the times too. It returns the id.
func (s *Server) Seed(name string, changes ...func(*Application)) (id string) {
	defer s.lock()()
	return s.by(s.first).seed(name, changes)
}

// SeedMany adds n applications named by fmt.Sprintf(nameFormat, i) for i from 1, each created one
// second after the one before, the last one now. It returns their ids in that order.
func (s *Server) SeedMany(n int, nameFormat string, changes ...func(*Application)) (ids []string) {
	defer s.lock()()
	for i := 1; i <= n; i++ {
		w := s.by(s.first)
		w.now = w.now.Add(time.Duration(i-n) * time.Second)
		ids = append(ids, w.seed(fmt.Sprintf(nameFormat, i), changes))
	}
	return ids
}

func (w *work) seed(name string, changes []func(*Application)) string {
	a := w.newApplication()
	a.Name = name
	for _, change := range changes {
		change(a)
	}
	w.switches.ReadLag = 0 // the application has been there for long
	w.add(a)
	return a.ID
}

// RegisterDynamically adds an application like a client that registers itself (RFC 7591): public,
// with PKCE, and with a consent screen that cannot be disabled.
func (s *Server) RegisterDynamically(name string) (id string) {
	return s.Seed(name, func(a *Application) {
		a.DynamicallyRegistered, a.Public, a.PKCERequired = true, true, true
		a.Scopes = "email offline_access profile"
		a.RedirectURIs = []string{"http://localhost:33418/callback"}
	})
}

// CurrentSecret returns the client secret, "" for an application without one.
func (s *Server) CurrentSecret(id string) string {
	defer s.lock()()
	_, a := s.mustFind(id)
	return a.currentSecret()
}

// IssuedSecrets returns every client secret ever issued, for leak scans.
func (s *Server) IssuedSecrets() []string {
	defer s.lock()()
	return slices.Clone(s.issued)
}

// Keys returns the secret key of every instance, for leak scans.
func (s *Server) Keys() (keys []string) {
	defer s.lock()()
	for _, in := range s.instances {
		keys = append(keys, in.key)
	}
	return keys
}

// AddCustomScope adds a scope to the catalogue of every instance, which only the dashboard can do.
func (s *Server) AddCustomScope(scope string) {
	defer s.lock()()
	s.customScopes[scope] = true
}

// DeleteCustomScope removes a scope from the catalogue, and with it from every application and from
// the default scopes.
func (s *Server) DeleteCustomScope(scope string) {
	without := func(scopes []string) []string {
		return slices.DeleteFunc(scopes, func(other string) bool { return other == scope })
	}
	for _, a := range s.Applications() {
		if rest := strings.Join(without(strings.Fields(a.Scopes)), " "); rest != a.Scopes {
			s.Edit(a.ID, func(a *Application) { a.Scopes = rest })
		}
	}
	s.EditSettings(func(of *Settings) { of.DefaultScopes = without(of.DefaultScopes) })
	defer s.lock()()
	delete(s.customScopes, scope)
}

// Settings returns the settings of the first instance as they are now.
func (s *Server) Settings() Settings {
	defer s.lock()()
	return s.first.settings.value.copy()
}

// EditSettings changes the settings of the first instance.
func (s *Server) EditSettings(edit func(*Settings)) {
	defer s.lock()()
	settings := s.first.settings.value.copy()
	edit(&settings)
	s.first.settings.put(settings.copy(), s.now(), s.switches.ReadLag)
}

func (s *Server) mustFind(id string) (*instance, *Application) {
	for _, in := range s.instances {
		if known := in.entries[id]; known != nil && known.value != nil {
			return in, known.value
		}
	}
	panic("clerktest: there is no application " + id)
}
