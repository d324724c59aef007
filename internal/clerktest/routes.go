package clerktest

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// basePath is the path of Clerk's Backend API on its host.
const basePath = "/v1"

// Route templates, as they appear in [Request] and are named in a [Fault].
const (
	RouteApplications = "/oauth_applications"
	RouteApplication  = "/oauth_applications/{id}"
	RouteLogo         = "/oauth_applications/{id}/logo"
	RouteRotateSecret = "/oauth_applications/{id}/rotate_secret"
	RouteRevokeToken  = "/oauth_applications/{id}/revoke_token"
	RouteInstance     = "/instance"
	RouteSettings     = "/instance/oauth_application_settings"

	// RouteTokenInfo is a path of the frontend API, without the prefix of the Backend API (token_info.go).
	RouteTokenInfo = "/oauth/token_info"
)

// operation does the work of one endpoint, with the server locked. It must not keep references to the work.
type operation func(*Server, *work) answer

// endpoint is what the server does for one method of a route, and which request body it takes.
type endpoint struct {
	content string // media type of the request body, "" when the endpoint takes none
	operate operation
}

const (
	contentJSON      = "application/json"
	contentMultipart = "multipart/form-data"
)

var endpoints = map[string]map[string]endpoint{
	RouteApplications: {
		http.MethodGet:  {operate: listApplications},
		http.MethodPost: {content: contentJSON, operate: createApplication},
	},
	RouteApplication: {
		http.MethodGet:    {operate: getApplication},
		http.MethodPatch:  {content: contentJSON, operate: updateApplication},
		http.MethodDelete: {operate: deleteApplication},
	},
	RouteLogo:         {http.MethodPut: {content: contentMultipart, operate: uploadLogo}},
	RouteRotateSecret: {http.MethodPost: {operate: rotateSecret}},
	RouteRevokeToken:  {http.MethodPost: {content: contentJSON, operate: revokeToken}},
	RouteInstance:     {http.MethodGet: {operate: getInstance}},
	RouteSettings: {
		http.MethodGet:   {operate: getSettings},
		http.MethodPatch: {content: contentJSON, operate: updateSettings},
	},
}

// findRoute gives the route template and id of a URL, or "" when there is none.
//
// The path is first brought into the normal form that Clerk's edge (Cloudflare's URL normalization) gives it: dot segments
// resolved, encoded ones too, and repeated slashes merged. A client that puts an unchecked id into a path therefore
// reaches another endpoint here as it would there.
func findRoute(u *url.URL) (route, id string) {
	escaped := strings.NewReplacer("%2e", ".", "%2E", ".").Replace(u.EscapedPath())
	clean := path.Clean("/" + escaped)
	if strings.HasSuffix(escaped, "/") && clean != "/" {
		clean += "/"
	}
	if clean == RouteTokenInfo {
		return RouteTokenInfo, ""
	}
	rest, ok := strings.CutPrefix(clean, basePath)
	if !ok {
		return "", ""
	}
	if _, static := endpoints[rest]; static && !strings.Contains(rest, "{") {
		return rest, ""
	}
	segments := strings.Split(rest, "/")
	if len(segments) < 3 || "/"+segments[1] != RouteApplications || segments[2] == "" {
		return "", ""
	}
	id, err := url.PathUnescape(segments[2])
	if err != nil {
		return "", ""
	}
	segments[2] = "{id}"
	route = strings.Join(segments, "/")
	if _, found := endpoints[route]; !found {
		return "", ""
	}
	return route, id
}
