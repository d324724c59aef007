package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// privateState is what the provider remembers of an application beside its attributes.
// The zero value remembers nothing, and no key is stored for it.
type privateState struct {
	// RotationPending asks for a rotation that the attributes do not ask for: of a secret
	// that was never received, or that a request without an answer may have invalidated.
	RotationPending bool `json:"rotation_pending,omitempty"`

	// VersionFloor is a number that no client_secret_version exceeds which this address had and
	// the state no longer has. Unix milliseconds; 0 without a floor. See nextSecretVersion.
	VersionFloor int64 `json:"client_secret_version_floor,omitempty"`

	// AcceptedVersion is the client_secret_version that the introspection endpoint has
	// accepted, and RejectedVersion the version that it has rejected since; 0 if there is
	// none. A statement about an older secret means nothing, so both name a version.
	AcceptedVersion int64 `json:"client_secret_accepted,omitempty"`
	RejectedVersion int64 `json:"client_secret_rejected,omitempty"`

	// LogoChanged says that the file at logo_path had another content than the uploaded
	// one when the state was refreshed, so that the plan uploads it. An engine plans once
	// more when it applies a plan, perhaps on a machine without the file. Without the mark
	// that second plan would change nothing, and no error would say so.
	LogoChanged bool `json:"logo_changed,omitempty"`
}

// privateKey is the key of the one entry in Terraform's private state.
const privateKey = "clerk"

// olderKeys are the keys that earlier releases wrote. Each had the name and the value of a
// field of privateState.
var olderKeys = []string{
	"rotation_pending", "client_secret_version_floor", "client_secret_accepted",
	"client_secret_rejected", "logo_changed",
}

// readPrivate reads the private state. older reports that an earlier release wrote it, or
// that it is unreadable.
func readPrivate(get func(key string) []byte) (private privateState, older bool) {
	if value := get(privateKey); value != nil {
		older = json.Unmarshal(value, &private) != nil // then nothing is remembered
	}
	for _, key := range olderKeys {
		if value := get(key); value != nil {
			_ = json.Unmarshal(fmt.Appendf(nil, `{%q:%s}`, key, value), &private)
			older = true
		}
	}
	return private, older
}

// readRawPrivate is readPrivate for the bytes that the protocol carries. ok is false where
// the framework should read them, so that they are written again.
func readRawPrivate(raw []byte) (private privateState, ok bool) {
	var entries map[string][]byte
	if len(raw) > 0 && json.Unmarshal(raw, &entries) != nil {
		return private, false
	}
	private, older := readPrivate(func(key string) []byte { return entries[key] })
	return private, !older
}

// privateStore is Terraform's private state.
type privateStore interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// privateNotes is the private state during a call.
type privateNotes struct {
	privateState

	store privateStore
	diags *diag.Diagnostics
	older bool
	saved privateState
}

func openPrivate(ctx context.Context, store privateStore, diags *diag.Diagnostics) *privateNotes {
	private, older := readPrivate(func(key string) []byte {
		value, more := store.GetKey(ctx, key)
		diags.Append(more...)
		return value
	})
	return &privateNotes{
		privateState: private, saved: private, older: older, store: store, diags: diags,
	}
}

// save writes the private state if it has changed, or if an earlier release wrote it. Each
// change is saved before the next request, because the call may end at any request.
func (n *privateNotes) save(ctx context.Context) {
	if n.privateState == n.saved && !n.older {
		return
	}
	var value []byte // nil removes the key
	if n.privateState != (privateState{}) {
		value, _ = json.Marshal(n.privateState) // numbers and booleans alone
	}
	n.diags.Append(n.store.SetKey(ctx, privateKey, value)...)
	if n.older {
		for _, key := range olderKeys {
			n.diags.Append(n.store.SetKey(ctx, key, nil)...)
		}
	}
	n.saved, n.older = n.privateState, false
}

func (n *privateNotes) setPending(ctx context.Context, pending bool) {
	n.RotationPending = pending
	n.save(ctx)
}
