package main

import "context"

// askPublicClients creates two public clients and rotates their secrets.
func (p *probe) askPublicClients(ctx context.Context) {
	for _, label := range []string{"public-1", "public-2"} {
		created, got := p.create(ctx, label, object{"public": true})
		switch {
		case created != nil && created.object["pkce_required"] == true:
			p.note("public_sets_pkce", told("on", "pkce_required=true without being sent"))
			p.note("public_without_pkce", untold("Clerk requires PKCE of a public client by itself", ""))
		case created != nil:
			p.note("public_sets_pkce", told("off", "pkce_required=%s", show(created.object, "pkce_required")))
			p.note("public_without_pkce", told("allowed", "200"))
		case got.refused() && got.code() != "":
			p.note("public_sets_pkce", told("off", "a public client without pkce_required is refused"))
			p.note("public_without_pkce", told("422", "%s", got))
			created, got = p.create(ctx, label, object{"public": true, "pkce_required": true})
		default:
			p.note("public_sets_pkce", other(got))
			p.note("public_without_pkce", other(got))
		}
		if created == nil {
			p.note("public_client_secret", other(got))
			continue
		}
		p.public = append(p.public, created)
		p.note("public_client_secret", seenPublicSecret(created.object))
		switch {
		case len(p.public) > 1:
		case created.secret == "":
			p.tell(publicTokenInfo, "there is no secret")
		default:
			p.tell(publicTokenInfo, p.client.introspect(ctx, created.text("token_introspection_url"), created.text("client_id"), created.secret).String())
		}
		p.note("rotate_public", seenPublicRotation(p.rotate(ctx, created)))
	}
	if len(p.public) == 0 {
		p.note("rotate_public", untold("there is no public client", ""))
		return
	}
	one := p.public[0]
	confidential := p.patch(ctx, one, object{"public": false})
	seen := with(confidential, "public") + ", client_secret " + secretForm(confidential.json)
	p.tell(publicAndBack, seen+"; public again: "+with(p.patch(ctx, one, object{"public": true, "pkce_required": true}), "public"))
}

// secretForm describes a client secret without showing it.
func secretForm(o object) string {
	switch {
	case !o.has("client_secret"):
		return "absent"
	case o.text("client_secret") == "":
		return "empty"
	default:
		return "present"
	}
}

func seenPublicSecret(o object) observation {
	if form := secretForm(o); form != "present" {
		return told(form, "client_secret is %s", form)
	}
	return told("value", "client_secret has %d characters", len(o.text("client_secret")))
}

func seenPublicRotation(got answer) observation {
	switch {
	case got.ok() && secretForm(got.json) == "present":
		return told("value", "%s with a client_secret of %d characters", got, len(got.json.text("client_secret")))
	case got.ok():
		return told("empty", "%s, client_secret %s", got, secretForm(got.json))
	case got.refused():
		return told("422", "%s", got)
	default:
		return other(got)
	}
}
