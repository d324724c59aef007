package clerktest

import (
	"fmt"
	"slices"
	"time"
)

// The methods in this file are what someone else does, in the dashboard or with another tool. They panic when told of an
// application or instance that does not exist: that is a mistake in the test.

// Application gives an application of any instance as it is now, whatever lagging reads see.
func (s *Server) Application(id string) (Application, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.instances {
		if a, found := in.live(id); found {
			return a.copy(), true
		}
	}
	return Application{}, false
}

// Applications gives the applications of every instance as they are now, oldest first within an instance.
func (s *Server) Applications() []Application {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Application
	for _, in := range s.instances {
		for _, entry := range in.order {
			if a := entry.truth(); a != nil {
				all = append(all, a.copy())
			}
		}
	}
	return all
}

// FindAll gives the applications of exactly this name, oldest first.
func (s *Server) FindAll(name string) []Application {
	return slices.DeleteFunc(s.Applications(), func(a Application) bool { return a.Name != name })
}

// Find gives the oldest application of exactly this name.
func (s *Server) Find(name string) (Application, bool) {
	if found := s.FindAll(name); len(found) > 0 {
		return found[0], true
	}
	return Application{}, false
}

// Edit changes an application. Its id and instance stay; updated_at becomes the present time unless the function sets it.
func (s *Server) Edit(id string, edit func(*Application)) {
	s.change(id, func(in *instance, a *Application) {
		before := a.UpdatedAt
		edit(a)
		a.ID, a.InstanceID = id, in.id
		if a.UpdatedAt == before {
			a.UpdatedAt = in.tick(s.now())
		}
	})
}

// Delete deletes an application.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, _ := s.mustFind(id)
	in.put(id, nil, s.now(), s.switches.ReadLag)
}

// Rotate gives an application a new client secret, as the dashboard does, and returns the secret.
func (s *Server) Rotate(id string) (secret string) {
	s.change(id, func(in *instance, a *Application) {
		secret = s.issueSecret()
		a.setSecret(secret, s.now())
		if s.switches.RotateUpdatedAt == RotateTouchesUpdatedAt {
			a.UpdatedAt = in.tick(s.now())
		}
	})
	return secret
}

// Seed adds an application as the dashboard would, with Clerk's defaults and then the caller's changes: of the first
// instance, unless a change sets another InstanceID. A change may set ID and the times too.
func (s *Server) Seed(name string, changes ...func(*Application)) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seed(name, s.now(), changes...)
}

// SeedMany adds n applications named by fmt.Sprintf(nameFormat, i) for i from 1, created one second after the other, the
// last one now. It gives their ids in that order.
func (s *Server) SeedMany(n int, nameFormat string, changes ...func(*Application)) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for i := 1; i <= n; i++ {
		ids = append(ids, s.seed(fmt.Sprintf(nameFormat, i), now.Add(time.Duration(i-n)*time.Second), changes...))
	}
	return ids
}

func (s *Server) seed(name string, created time.Time, changes ...func(*Application)) string {
	first := s.instances[0]
	w := &work{instance: first, switches: s.switches}
	a := &Application{
		InstanceID: first.id, Name: name, ConsentScreenEnabled: true,
		Scopes: w.newScopes(splitScopes(defaultScopes)),
	}
	for _, change := range changes {
		change(a)
	}
	in := s.mustFindInstance(a.InstanceID)
	if a.ID == "" {
		a.ID = newID("oa_", created)
	}
	if a.ClientID == "" {
		a.ClientID = newClientID()
	}
	if !a.Public || s.switches.PublicClientSecret == PublicSecretValue {
		a.setSecret(s.issueSecret(), time.Time{})
	}
	millis := in.tick(created)
	if a.CreatedAt == 0 {
		a.CreatedAt = millis
	}
	if a.UpdatedAt == 0 {
		a.UpdatedAt = a.CreatedAt
	}
	a.RedirectURIs = slices.Clone(a.RedirectURIs)
	in.put(a.ID, a, created, 0)
	return a.ID
}

// RegisterDynamically adds an application as a client registers itself (RFC 7591): public, with PKCE, and with a consent
// screen that cannot be disabled.
func (s *Server) RegisterDynamically(name string) (id string) {
	return s.Seed(name, func(a *Application) {
		a.DynamicallyRegistered, a.Public, a.PKCERequired = true, true, true
		a.Scopes = "email offline_access profile"
		a.RedirectURIs = []string{"http://localhost:33418/callback"}
	})
}

// CurrentSecret is the newest client secret, "" for an application that has none.
func (s *Server) CurrentSecret(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, a := s.mustFind(id)
	return a.secret()
}

// IssuedSecrets gives every client secret ever made, for leak scans.
func (s *Server) IssuedSecrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// Keys gives the secret key of every instance, for leak scans.
func (s *Server) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for _, in := range s.instances {
		keys = append(keys, in.key)
	}
	return keys
}

// AddCustomScope adds a scope to the catalogue of every instance, as only the dashboard can.
func (s *Server) AddCustomScope(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.instances {
		in.customScopes[scope] = true
	}
}

// DeleteCustomScope removes a scope from the catalogue of every instance, and with it from every application and from the
// default scopes.
func (s *Server) DeleteCustomScope(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, lag := s.now(), s.switches.ReadLag
	for _, in := range s.instances {
		delete(in.customScopes, scope)
		for _, entry := range slices.Clone(in.order) {
			a := entry.truth()
			if a == nil || !slices.Contains(splitScopes(a.Scopes), scope) {
				continue
			}
			after := a.copy()
			after.Scopes = withoutScope(a.Scopes, scope)
			after.UpdatedAt = in.tick(now)
			in.put(a.ID, &after, now, lag)
		}
		settings := in.settings.truth().copy()
		settings.DefaultScopes = slices.DeleteFunc(settings.DefaultScopes, func(s string) bool { return s == scope })
		in.settings.put(settings, now, lag)
	}
}

// Settings gives the settings of an instance as they are now.
func (s *Server) Settings(instanceID string) Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.mustFindInstance(instanceID)
	return in.settings.truth().copy()
}

// EditSettings changes the settings of an instance.
func (s *Server) EditSettings(instanceID string, edit func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.mustFindInstance(instanceID)
	settings := in.settings.truth().copy()
	edit(&settings)
	in.settings.put(settings.copy(), s.now(), s.switches.ReadLag)
}

// change replaces an application by an edited copy.
func (s *Server) change(id string, edit func(*instance, *Application)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, before := s.mustFind(id)
	after := before.copy()
	edit(in, &after)
	after.RedirectURIs = slices.Clone(after.RedirectURIs)
	in.put(id, &after, s.now(), s.switches.ReadLag)
}

func (s *Server) mustFind(id string) (*instance, *Application) {
	for _, in := range s.instances {
		if a, found := in.live(id); found {
			return in, a
		}
	}
	panic("clerktest: there is no application " + id)
}

func (s *Server) mustFindInstance(id string) *instance {
	index := slices.IndexFunc(s.instances, func(in *instance) bool { return in.id == id })
	if index < 0 {
		panic("clerktest: there is no instance " + id)
	}
	return s.instances[index]
}
