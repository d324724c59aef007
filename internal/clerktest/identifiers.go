package clerktest

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strings"
	"time"
)

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// ksuidEpoch is where the time in a KSUID starts: 2014-05-13T16:53:20Z.
const ksuidEpoch = 1400000000

// newID gives the prefix with a KSUID: 27 base62 digits of four bytes of seconds and sixteen of chance.
func newID(prefix string, now time.Time) string {
	var id [20]byte
	binary.BigEndian.PutUint32(id[:4], uint32(now.Unix()-ksuidEpoch))
	rand.Read(id[4:])
	digits := new(big.Int).SetBytes(id[:]).Text(62)
	return prefix + strings.Repeat("0", 27-len(digits)) + digits
}

// randomText gives n letters and digits. Slightly uneven, which does not matter here.
func randomText(n int) string {
	text := make([]byte, n)
	rand.Read(text)
	for i, b := range text {
		text[i] = alphanumeric[int(b)%len(alphanumeric)]
	}
	return string(text)
}

func newClientID() string     { return randomText(16) }
func newClientSecret() string { return randomText(32) }

func newTraceID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
