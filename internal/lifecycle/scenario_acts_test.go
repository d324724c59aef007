package lifecycle

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// An act is something that happens outside of Terraform.
type act struct {
	simulated bool // Clerk cannot be made to do it
	pastAPI   bool // it changes more of an application than its scopes, without a request
	do        func(*run)
}

// edited changes fields of the application in the dashboard, as Clerk names them.
func edited(fields values) act {
	return act{do: func(r *run) { r.dashboard("PATCH", "/"+r.id, r.resolve(fields)) }}
}

func deleted() act {
	return act{do: func(r *run) { r.dashboard("DELETE", "/"+r.id, nil) }}
}

func rotated() act {
	return act{do: func(r *run) { r.dashboard("POST", "/"+r.id+"/rotate_secret", nil) }}
}

// forcedScopes stores scopes as they are, where Clerk would add offline_access.
func forcedScopes(scopes string) act {
	return act{simulated: true, do: func(r *run) {
		r.simulator.Edit(r.id, func(app *clerktest.Application) { app.Scopes = scopes })
	}}
}

func injected(fault clerktest.Fault) act {
	return act{simulated: true, do: func(r *run) { r.simulator.Inject(fault) }}
}

func customScope(name string) act {
	return act{simulated: true, do: func(r *run) { r.simulator.AddCustomScope(name) }}
}

func customScopeDeleted(name string) act {
	return act{simulated: true, do: func(r *run) { r.simulator.DeleteCustomScope(name) }}
}

func simulated(do func(*run)) act { return act{simulated: true, pastAPI: true, do: do} }

// interruptsBefore is a fault during which the user interrupts, before the work.
func interruptsBefore(fault clerktest.Fault) act {
	return act{simulated: true, do: func(r *run) {
		fault.Before = func(clerktest.Request) { r.interrupt() }
		r.simulator.Inject(fault)
	}}
}

// interruptsAfter is a fault during which the user interrupts, after the work.
func interruptsAfter(fault clerktest.Fault) act {
	return act{simulated: true, do: func(r *run) {
		fault.After = func(clerktest.Request) { r.interrupt() }
		r.simulator.Inject(fault)
	}}
}

// interruptsIn lets the user interrupt after a time.
func interruptsIn(wait time.Duration) act {
	return act{simulated: true, do: func(r *run) { time.AfterFunc(wait, r.interrupt) }}
}

// waited lets time pass.
func waited(wait time.Duration) act {
	return act{do: func(*run) { time.Sleep(wait) }}
}

// fileWritten puts a file into the scenario's directory.
func fileWritten(file string, content []byte) act {
	return act{do: func(r *run) {
		if err := os.WriteFile(filepath.Join(r.dir, file), content, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}}
}

func fileRemoved(file string) act {
	return act{do: func(r *run) {
		if err := os.Remove(filepath.Join(r.dir, file)); err != nil {
			r.t.Fatal(err)
		}
	}}
}

// tainted marks the application as to be replaced.
func tainted() act {
	return act{do: func(r *run) {
		if r.workspace != nil {
			r.workspace.run("taint", addressInHCL)
			return
		}
		r.resource.Taint()
	}}
}

func untainted() act {
	return act{do: func(r *run) {
		if r.workspace != nil {
			r.workspace.run("untaint", addressInHCL)
			return
		}
		r.resource.Untaint()
	}}
}

// pngImage is a small image, another one for each shade.
func pngImage(shade uint8) []byte {
	picture := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range picture.Pix {
		picture.Pix[i] = color.Gray{Y: shade}.Y
	}
	var encoded bytes.Buffer
	_ = png.Encode(&encoded, picture) // to memory
	return encoded.Bytes()
}

// Two who may read an encrypted secret.
var alice, bob = newIdentity(), newIdentity()

func newIdentity() *age.X25519Identity {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return identity
}

func encryptedTo(identities ...*age.X25519Identity) []string {
	var recipients []string
	for _, identity := range identities {
		recipients = append(recipients, identity.Recipient().String())
	}
	return recipients
}
