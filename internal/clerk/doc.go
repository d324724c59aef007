// Package clerk is a client for the part of Clerk's Backend API that concerns OAuth
// applications: the applications themselves, their client secrets and logos, the
// instance's OAuth settings, and the instance that a key belongs to.
//
// It knows HTTP, JSON and Clerk's rules, and nothing of Terraform. It differs from a
// generated client in how it handles faults:
//
//   - One table says which request is repeated after which outcome (retry.go).
//   - A create or a rotation whose answer was lost is never blindly repeated
//     (oauth_application_create.go, oauth_application_rotate.go). Both run to their end
//     if the caller is interrupted meanwhile (request.go).
//   - After an attempt that Clerk may have applied, every error says so (error.go).
//   - An answer is decoded secret first, and field by field. A surprise in one field
//     cannot lose the value that is shown once, and an application that cannot be read
//     does not hide the others of a list (oauth_application_decode.go).
//   - Reads of many applications share list pages (shared_reads.go), and all requests of
//     a process share one rate limit (rate_limiter.go).
//
// Clerk's official Go SDK is not used. As of v2.7.0 it cannot express redirect_uris,
// pkce_required, public on update, the settings or the logo; it does not escape ids,
// treats a redirect as a success, and loses the status of an error whose body is not JSON.
package clerk
