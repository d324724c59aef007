package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// layer is a kind of tests, told by how their names begin. CONTRIBUTING describes what each one needs.
type layer string

const (
	unit       layer = "unit"
	protocol   layer = "protocol"
	acceptance layer = "acceptance"
	contract   layer = "contract"
	live       layer = "live"
)

var layers = []layer{unit, protocol, acceptance, contract, live}

// layerOf gives the layer of a test or subtest. Whatever has no prefix of its own is a unit test, fuzz targets and examples too.
func layerOf(test string) layer {
	for l, prefix := range map[layer]string{
		protocol:   "TestProtocol",
		acceptance: "TestAcc",
		contract:   "TestContract",
		live:       "TestLive",
	} {
		// TestAccepted is no acceptance test: as in Test itself, no small letter may follow.
		if rest, ok := strings.CutPrefix(test, prefix); ok && !startsSmall(rest) {
			return l
		}
	}
	return unit
}

func startsSmall(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(first)
}

// parseLayers reads the values of -require, each of which may be several names with commas.
func parseLayers(values []string) ([]layer, error) {
	var parsed []layer
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name == "" {
				continue
			}
			if !slices.Contains(layers, layer(name)) {
				return nil, fmt.Errorf("there is no layer %q; the layers are %v", name, layers)
			}
			parsed = append(parsed, layer(name))
		}
	}
	return parsed, nil
}
