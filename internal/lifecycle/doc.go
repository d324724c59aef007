// Package lifecycle has no code, only tests: those that see the provider as a user sees
// it, through configurations, plans, states and messages.
//
//   - Scenarios are the lives of applications, step by step, with and without faults:
//     begin reading with scenario_test.go, then scenario_list_test.go and fault_test.go.
//   - The fixture (fixture_test.go) is for what no scenario can express, such as several
//     applications at once. The random sequences (soak_test.go) use it too.
//   - Files named …_engine_test.go run terraform or tofu on HCL.
//
// All of them know of the provider only provider.NewServer and provider.WithTransport.
package lifecycle
