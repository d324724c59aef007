package main

import (
	"errors"
	"strings"
	"testing"
)

// What `go test -json` printed for a package with one test of each kind, shortened.
const mixed = `
{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"pass","Package":"p","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"p","Test":"TestProtocolBad","Output":"=== RUN   TestProtocolBad\n"}
{"Action":"output","Package":"p","Test":"TestProtocolBad","Output":"    a_test.go:7: want 1, got 2\n"}
{"Action":"output","Package":"p","Test":"TestProtocolBad","Output":"--- FAIL: TestProtocolBad (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestProtocolBad","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestAccOne","Output":"=== RUN   TestAccOne\n"}
{"Action":"output","Package":"p","Test":"TestAccOne","Output":"    b_test.go:9: no terraform here\n"}
{"Action":"output","Package":"p","Test":"TestAccOne","Output":"--- SKIP: TestAccOne (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestAccOne","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestAccTwo","Output":"    b_test.go:31: no terraform here\n"}
{"Action":"skip","Package":"p","Test":"TestAccTwo","Elapsed":0}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":1.5}
{"Action":"skip","Package":"untested","Elapsed":0}
`

const passing = `
{"Action":"pass","Package":"p","Test":"TestGood","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":0.2}
`

const crashed = `
{"Action":"output","Package":"p","Test":"TestProtocolLong","Output":"=== RUN   TestProtocolLong\n"}
{"Action":"output","Package":"p","Test":"TestProtocolLong","Output":"panic: test timed out after 1s\n"}
{"Action":"output","Package":"p","Test":"TestProtocolWaiting","Output":"=== PAUSE TestProtocolWaiting\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t1.0s\n"}
{"Action":"fail","Package":"p","Elapsed":1}
`

const unbuilt = `
{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:1:1: expected 'package'\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}
`

func TestReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events  string
		require []layer
		runErr  error
		good    bool
		want    []string
		not     []string
	}{
		"failures in full, skips by reason": {
			events: mixed,
			runErr: errors.New("exit status 1"),
			want: []string{
				"a_test.go:7: want 1, got 2",
				"failed: p TestProtocolBad",
				"  no terraform here\n      TestAccOne\n      TestAccTwo\n",
				"without tests of their own: untested",
				"acceptance         0       0        2",
				"\n1 passed, 1 failed, 2 skipped\n",
			},
			not: []string{"the test command ended", "\nFAIL\n", "=== RUN"},
		},
		"a required layer that was only skipped": {
			events:  mixed,
			require: []layer{acceptance, protocol},
			want:    []string{"no acceptance test ran"},
			not:     []string{"no protocol test ran"},
		},
		"a required layer that is not there": {
			events:  passing,
			require: []layer{contract},
			want:    []string{"no contract test ran", "1 passed, 0 failed, 0 skipped"},
		},
		"all well": {
			events:  passing,
			require: []layer{unit},
			good:    true,
			want:    []string{"1 passed, 0 failed, 0 skipped"},
			not:     []string{"skipped, and why", "failed:"},
		},
		"a package that does not build": {
			events: unbuilt,
			runErr: errors.New("exit status 1"),
			want:   []string{"expected 'package'", "failed: p\n", "0 passed, 1 failed, 0 skipped"},
		},
		"a package that ends in the middle of a test": {
			events: crashed,
			runErr: errors.New("exit status 1"),
			want:   []string{"panic: test timed out", "failed: p ended during TestProtocolLong and 1 more", "0 passed, 2 failed, 0 skipped"},
			not:    []string{"failed: p\n", "=== PAUSE"},
		},
		"a command that fails without a failing test": {
			events: passing,
			runErr: errors.New("exit status 2"),
			want:   []string{"the test command ended with: exit status 2"},
		},
		"lines that are no events": {
			events: "go: warning: something\n" + passing,
			good:   true,
			want:   []string{"go: warning: something"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := newSummary(&out)
			if err := read(strings.NewReader(strings.TrimPrefix(test.events, "\n")), s); err != nil {
				t.Fatal(err)
			}
			if good := s.report(test.require, nil, test.runErr); good != test.good {
				t.Errorf("report says %t, want %t", good, test.good)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("missing %q in:\n%s", want, out.String())
				}
			}
			for _, not := range test.not {
				if strings.Contains(out.String(), not) {
					t.Errorf("did not expect %q in:\n%s", not, out.String())
				}
			}
		})
	}
}

func TestRunReportsTheStatusOfTheCommand(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run([]string{"go", "version"}, newSummary(&out)); err != nil || !strings.Contains(out.String(), "go version") {
		t.Errorf("error %v, output %q", err, out.String())
	}
	if err := run([]string{"go", "no-such-command"}, newSummary(&out)); err == nil {
		t.Error("a failing command gave no error")
	}
}

func TestLayerOf(t *testing.T) {
	t.Parallel()
	for test, want := range map[string]layer{
		"TestScopes":                    unit,
		"TestAccepted":                  unit,
		"TestProtocols/TestAcc":         unit,
		"FuzzScopes":                    unit,
		"TestProtocolRotation/lost":     protocol,
		"TestAcc":                       acceptance,
		"TestAccOAuthApplication_basic": acceptance,
		"TestAcc_basic":                 acceptance,
		"TestContractRequests":          contract,
		"TestLiveLifecycle":             live,
	} {
		if got := layerOf(test); got != want {
			t.Errorf("%s: %s, want %s", test, got, want)
		}
	}
}

func TestParseLayers(t *testing.T) {
	t.Parallel()
	parsed, err := parseLayers([]string{"unit,protocol", "", "contract"})
	if err != nil || len(parsed) != 3 {
		t.Errorf("got %v, %v", parsed, err)
	}
	if _, err := parseLayers([]string{"units"}); err == nil {
		t.Error("a misspelt layer was taken")
	}
}
