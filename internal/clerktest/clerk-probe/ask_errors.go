package main

import (
	"context"
	"net/http"
	"strings"
)

// askErrors asks how Clerk answers what is wrong, and when updated_at changes. None of it is a switch. What is taken all the
// same changes only an application that is about to be deleted.
func (p *probe) askErrors(ctx context.Context) {
	p.tell(unknownID, p.client.call(ctx, http.MethodGet, applicationsPath+"/oa_"+strings.Repeat("0", 27), nil).String())
	if len(p.public) > 1 {
		two := p.public[1]
		seen := p.delete(ctx, two).String()
		p.tell(deletedTwice, seen+", then "+p.client.call(ctx, http.MethodDelete, two.path(), nil).String())
	}
	a := p.a
	if a == nil {
		return
	}
	p.tell(sameValue, p.seenUpdatedAt(ctx, a, object{"name": a.text("name")}))
	p.tell(emptyPatch, p.seenUpdatedAt(ctx, a, object{}))
	p.tell(duplicateURI, with(p.patch(ctx, a, object{"redirect_uris": []string{"probe9://cb", "probe9://cb"}}), "redirect_uris"))
	p.tell(invalidURI, with(p.patch(ctx, a, object{"redirect_uris": []string{"/callback"}}), "redirect_uris"))
	p.tell(longName, p.patch(ctx, a, object{"name": p.prefix + strings.Repeat("x", 257-len(p.prefix))}).String())
	p.tell(wrongType, p.patch(ctx, a, object{"public": "false"}).String())
	p.tell(arrayBody, p.patch(ctx, a, []any{}).String())
	p.tell(emptyName, p.patch(ctx, a, object{"name": ""}).String())
}

func (p *probe) seenUpdatedAt(ctx context.Context, a *application, body object) string {
	before := a.object["updated_at"]
	switch got := p.patch(ctx, a, body); {
	case !got.ok():
		return got.String()
	case a.object["updated_at"] == before:
		return "stays"
	default:
		return "changes"
	}
}
