package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// privateState is what the provider remembers of an application beside its attributes.
// The zero value remembers nothing, and no key is stored for it.
type privateState struct {
	// RotationPending asks for a rotation that the attributes do not ask for: of a secret
	// that was never received, or that a request without an answer may have invalidated.
	RotationPending bool `json:"rotation_pending,omitempty"`

	// VersionFloor is a number that no client_secret_version of this address exceeds, in
	// Unix milliseconds; 0 without a floor. See nextSecretVersion.
	VersionFloor int64 `json:"client_secret_version_floor,omitempty"`

	// AcceptedVersion is the client_secret_version that the introspection endpoint has
	// accepted, and RejectedVersion the version that it has rejected since; 0 if there is
	// none. A statement about an older secret means nothing, so both name a version.
	AcceptedVersion int64 `json:"client_secret_accepted,omitempty"`
	RejectedVersion int64 `json:"client_secret_rejected,omitempty"`

	// LogoChanged says that the file at logo_path had another content than the uploaded
	// one when the state was refreshed, so that the plan made then uploads it. An engine
	// plans once more when it applies a plan. Without the mark that second plan could not
	// know that an upload was planned, on a machine where the file does not exist, and it
	// would change nothing without an error.
	LogoChanged bool `json:"logo_changed,omitempty"`
}

// privateKey is the key of the one entry in Terraform's private state.
const privateKey = "clerk"

// privateReader is Terraform's private state in a method that may only read it, and
// privateStore in a method that may write.
type (
	privateReader interface {
		GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	}
	privateStore interface {
		privateReader
		SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
	}
)

// olderKeys are the keys that earlier releases wrote. Each had the name and the value of a
// field of privateState.
var olderKeys = []string{
	"rotation_pending", "client_secret_version_floor", "client_secret_accepted",
	"client_secret_rejected", "logo_changed",
}

// readPrivate reads the private state. older reports that an earlier release wrote it, or
// that it is unreadable.
func readPrivate(
	ctx context.Context, reader privateReader, diags *diag.Diagnostics,
) (private privateState, older bool) {
	get := func(key string) []byte {
		value, more := reader.GetKey(ctx, key)
		diags.Append(more...)
		return value
	}
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

// privateEntries is the private state as the protocol carries it.
type privateEntries map[string][]byte

// GetKey implements privateReader.
func (e privateEntries) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return e[key], nil
}

// readRawPrivate is readPrivate for the bytes that the protocol carries. ok is false where
// the framework should read them, so that they are written again.
func readRawPrivate(ctx context.Context, raw []byte) (private privateState, ok bool) {
	var entries privateEntries
	if len(raw) > 0 && json.Unmarshal(raw, &entries) != nil {
		return private, false
	}
	private, older := readPrivate(ctx, entries, &diag.Diagnostics{})
	return private, !older
}

// privateNotes is the private state during a call that may change it.
type privateNotes struct {
	privateState

	store privateStore
	diags *diag.Diagnostics
	older bool
	saved privateState
}

// openPrivate reads the private state of a call that may change it.
func openPrivate(ctx context.Context, store privateStore, diags *diag.Diagnostics) *privateNotes {
	private, older := readPrivate(ctx, store, diags)
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

// setPending notes whether a rotation is pending.
func (n *privateNotes) setPending(ctx context.Context, pending bool) {
	n.RotationPending = pending
	n.save(ctx)
}

// rejects reports whether the secret of a version was rejected. Nothing is known of an
// unknown version.
func (p privateState) rejects(version types.Int64) bool {
	return p.RejectedVersion != 0 && p.RejectedVersion == version.ValueInt64()
}
