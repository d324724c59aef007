// Package prototest is Terraform's half of plugin protocol 6, inside a test process.
//
// It drives any [tfprotov6.ProviderServer] through whole resource lifecycles the way Terraform does, without a
// Terraform binary, a network or a child process, and makes the checks of the provider's answers that Terraform
// makes. A test therefore sees in milliseconds what a user would see:
//
//	p := prototest.New(t, factory, prototest.Values{"token": token})
//	r := p.Resource("example_thing")
//	r.Apply(prototest.Values{"name": "one"})        // plan, apply, and a second plan that must be empty
//	plan := r.Plan(prototest.Values{"name": "two"}) // refresh and plan
//	plan.Action, plan.Changed(), plan.Unknown()
//	plan.Apply()
//	r.State().String("name")
//
// # What is checked
//
// An answer that Terraform would call a bug in the provider ("Provider produced invalid plan", "Provider produced
// inconsistent result after apply" and so on) fails the test at once, also in the Try methods, which otherwise leave
// it to the test to judge the diagnostics. What Terraform would do with the state then is done: an object that came
// with an error is kept, a failed creation is tainted, a tainted object is replaced next.
//
// Some checks are stricter than Terraform's, because the framework's documentation asks for it: a resource with an
// identity schema must return an identity with every object, the identity must not change while the object lives, and
// ephemeral and listed objects must be wholly known.
//
// # Processes
//
// Terraform starts the provider again for each walk: once to validate, once to refresh and plan, once to apply.
// Everything a provider keeps in memory is gone in between. The default is the same: each [Resource.Plan] and each
// [Plan.Apply] gets servers of its own from the factory, configured with the same configuration. [SharedProcess] keeps
// one for all, for tests of what a server keeps in memory.
//
// State is kept as JSON, as in a state file, and goes through UpgradeResourceState whenever a walk reads it.
//
// # What is modelled
//
// This package models what the schemas of this module use, and refuses a provider whose schemas use more: attributes of
// primitive types and sets of them, computed attributes of any type, and blocks of nesting mode single (timeouts).
// Write-only attributes, nested attributes that can be configured, and other blocks need more of Terraform's rules. So do
// HCL, references between resources, modules, provisioners, ignore_changes, create_before_destroy, deferred actions
// beyond reporting them, provider functions, actions and state stores. None of these is here.
//
// # How it keeps to Terraform
//
// A wrong rule here would let tests pass on answers that Terraform refuses. The tests of internal/lifecycle therefore run the
// same scenarios here and with the real engines:
//
//   - TestProtocolScenarios runs the lives of applications (scenario_list_test.go) here, and TestAccScenarios runs them with
//     terraform and with tofu. A step states once which action is planned, which attributes change and become unknown, which
//     messages come, what is in the state afterwards and what is sent. A scenario that an engine cannot run says why.
//   - TestProtocolFaults runs the scenarios of faults here. TestAccFaults runs those marked withEngines with the engines: one
//     for each result of a fault. They show what Terraform does with an error, a warning and a state after a fault.
//   - TestAccSwitches runs one life with the engines under every setting of the simulator that concerns it. TestProtocolScenarios
//     does this with all lives.
//
// CI runs all of them with both engines. If a plan, a state or a check of this package differs from an engine's, the scenario
// fails either here or with the engine.
package prototest
