package provider

import "testing"

func TestRawPrivateState(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  string
		want privateState
		ok   bool
	}{
		"none":             {"", privateState{}, true},
		"empty":            {"{}", privateState{}, true},
		"of the framework": {`{".framework":"e30="}`, privateState{}, true},
		"no object":        {"[]", privateState{}, false},
		"no base64":        {`{"clerk":"?"}`, privateState{}, false},
		"no JSON inside":   {`{"clerk":"Pw=="}`, privateState{}, false},
	} {
		if got, ok := readRawPrivate([]byte(test.raw)); ok != test.ok || got != test.want {
			t.Errorf("%s: %+v, %t", name, got, ok)
		}
	}
}
