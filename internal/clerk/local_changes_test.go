package clerk

import (
	"slices"
	"testing"
)

func TestOwnApplications(t *testing.T) {
	t.Parallel()
	var own localChanges
	if own.knows("oa_1") || len(own.correct("web", nil)) > 0 {
		t.Error("nothing has happened, and something is known")
	}
	own.read("oa_read")
	own.made("oa_made", "web")
	own.made("oa_renamed", "web")
	own.made("oa_renamed", "other")
	own.made("oa_deleted", "web")
	own.gone("oa_deleted")
	own.read("oa_made") // and still knows its name

	for _, id := range []string{"oa_read", "oa_made", "oa_renamed", "oa_deleted"} {
		if !own.knows(id) {
			t.Errorf("%s is not known", id)
		}
	}
	if own.knows("oa_foreign") {
		t.Error("an application of somebody else is known")
	}
	listed := []string{"oa_foreign", "oa_read", "oa_renamed", "oa_deleted"}
	if got, want := own.correct("web", listed), []string{"oa_foreign", "oa_read", "oa_made"}; !slices.Equal(got, want) {
		t.Errorf("corrected list: got %v, want %v", got, want)
	}
	if len(listed) != 4 || listed[3] != "oa_deleted" {
		t.Errorf("the list that was given was changed: %v", listed)
	}
}
