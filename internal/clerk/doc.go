// Package clerk is a client for the part of Clerk's Backend API that concerns
// OAuth applications: the applications themselves, their client secrets and
// logos, the instance's OAuth settings, and the instance a key belongs to.
//
// It knows HTTP, JSON and Clerk's rules, and nothing of Terraform. It differs from a
// generated client in how it handles faults:
//
//   - one table says which operation is repeated after which outcome (retry.go);
//   - a create or a rotation whose answer was lost is never blindly repeated
//     (oauth_application_create.go, oauth_application_rotate.go);
//   - both run to their end when the caller is cancelled meanwhile (grace.go);
//   - an answer is decoded secret first, and field by field, so that a surprise
//     in one field cannot lose the one value that is shown once, and one
//     application that cannot be read does not hide the others of a list;
//   - reads of many applications share list pages (package sharedreads), and all
//     requests of a process pass one window and one gate (rate_limiter.go).
//
// Clerk's official Go SDK is not used: as of v2.7.0 it cannot express
// redirect_uris, pkce_required, public on update, the settings or the logo; it
// does not escape ids, treats a redirect as a success, and loses the status of an
// error whose body is not JSON.
package clerk
