package clerktest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

func TestClocksOfDateAndCreatedAt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ clock, date, wantCreated, wantDate time.Duration }{
		"together":       {clock: time.Hour, wantCreated: time.Hour, wantDate: time.Hour},
		"Date ahead":     {date: 10 * time.Second, wantDate: 10 * time.Second},
		"Date behind":    {date: -10 * time.Minute, wantDate: -10 * time.Minute},
		"both are wrong": {clock: -time.Hour, date: time.Minute, wantCreated: -time.Hour, wantDate: -59 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := clerktest.NewInMemory(t)
				s.SetClockSkew(test.clock)
				s.SetDateSkew(test.date)
				created := newMemoryClient(t, s).create(object{"name": "x"})
				date, err := http.ParseTime(created.header.Get("Date"))
				if err != nil {
					t.Fatal(err)
				}
				var times struct {
					CreatedAt int64 `json:"created_at"`
				}
				if err := json.Unmarshal([]byte(created.text), &times); err != nil {
					t.Fatal(err)
				}
				equal(t, "Date", date.Sub(time.Now()), test.wantDate)
				equal(t, "created_at", time.UnixMilli(times.CreatedAt).Sub(time.Now()).Round(time.Second), test.wantCreated)
			})
		})
	}
}
