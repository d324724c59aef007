package clerk

import (
	"strings"
	"testing"
)

// decodePage reads a page without a client.
func decodePage(body string) (page, error) {
	return (&Client{}).decodePage(answer{body: []byte(body)})
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	whole := `{"data": [` + wholeApplication + `,` + string(with("id", `"oa_2"`)) + `], "total_count": 17, "more": true}`
	page, err := decodePage(whole)
	if err != nil || len(page.items) != 2 || page.total != 17 || page.items[1].ID != "oa_2" {
		t.Errorf("page %+v (%v)", page, err)
	}
	for body, says := range map[string]string{
		`{"data": [], "total_count": null}`: "total_count is missing",
		`{"data": [], "total_count": "1"}`:  "total_count has an unexpected type",
		`{"data": null, "total_count": 0}`:  "data is missing",
		`{"total_count": 0}`:                "data is missing",
		`{"data": {}, "total_count": 0}`:    "data has an unexpected type",
		`[` + wholeApplication + `]`:        "array",
		whole + "}":                         "after top-level value",
	} {
		if _, err := decodePage(body); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: error %v, want one with %q", body, err, says)
		}
	}
}

// An unreadable item does not affect the others, and is recognised by its id or its text.
func TestDecodePageWithUnreadableItems(t *testing.T) {
	t.Parallel()
	const noID = "an application without a readable id cannot be read: "
	const id = "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"
	for item, want := range map[string]struct{ id, says string }{
		`null`:                          {"", noID + "it is null"},
		`7`:                             {"", noID + "it is a JSON number, not an object"},
		`{}`:                            {"", noID + `it is not an OAuth application (object is "")`},
		string(with("id", `"oa_2?x"`)):  {"", noID + `its id ("oa_2?x") is not a valid Clerk id`},
		string(with("public", `"no"`)):  {id, "application " + id + " cannot be read: public has an unexpected type"},
		string(with("client_id", `""`)): {id, "application " + id + " cannot be read: client_id is missing"},
	} {
		body := `{"data": [` + string(with("id", `"oa_1"`)) + `,` + item + `,` + string(with("id", `"oa_3"`)) + `], "total_count": 3}`
		page, err := decodePage(body)
		if err != nil || len(page.items) != 3 || page.items[0].key != "oa_1" || page.items[2].ID != "oa_3" || page.items[1].unreadable == nil {
			t.Errorf("%.40s: the page is %+v (%v)", item, page, err)
			continue
		}
		got := page.items[1]
		if got.ID != want.id || got.unreadable.Application.ID != want.id || got.unreadable.Error() != want.says {
			t.Errorf("%.40s: error %v, want %q", item, got.unreadable, want.says)
		}
		again, _ := decodePage(body)
		if got.key != again.items[1].key || want.id != "" && got.key != want.id || want.id == "" && len(got.key) != 64 {
			t.Errorf("%.40s: the item is %q and then %q", item, got.key, again.items[1].key)
		}
	}
}
