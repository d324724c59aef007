package clerk

import (
	"slices"
	"testing"
)

func TestLocalChanges(t *testing.T) {
	t.Parallel()
	var local localChanges
	if local.knows("oa_1") || len(local.withLocalChanges("web", nil)) > 0 {
		t.Error("nothing has happened, and something is known")
	}
	local.read("oa_read")
	local.renamed("oa_made", "web")
	local.renamed("oa_renamed", "web")
	local.renamed("oa_renamed", "other")
	local.renamed("oa_spaced", " we\u0301b ")
	local.renamed("oa_deleted", "web")
	local.deleted("oa_deleted")
	local.read("oa_made") // and still knows its name

	for _, id := range []string{"oa_read", "oa_made", "oa_renamed", "oa_deleted"} {
		if !local.knows(id) {
			t.Errorf("%s is not known", id)
		}
	}
	if local.knows("oa_foreign") {
		t.Error("an application of someone else is known")
	}
	listed := []string{"oa_foreign", "oa_read", "oa_renamed", "oa_deleted"}
	if got, want := local.withLocalChanges("web", listed), []string{"oa_foreign", "oa_read", "oa_made"}; !slices.Equal(got, want) {
		t.Errorf("corrected list: got %v, want %v", got, want)
	}
	if got := local.withLocalChanges("w\u00e9b", nil); !slices.Equal(got, []string{"oa_spaced"}) {
		t.Errorf("the same name in another form: got %v", got)
	}
	if len(listed) != 4 || listed[3] != "oa_deleted" {
		t.Errorf("the list that was given was changed: %v", listed)
	}
}
