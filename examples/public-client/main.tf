# Public clients: native apps and MCP clients run on the devices of their users and cannot keep a secret. PKCE (RFC 7636) takes
# the place of the secret, and client_secret is null.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

resource "clerk_oauth_application" "mobile" {
  name          = "Field app"
  public        = true
  pkce_required = true
  # A scheme of its own (RFC 8252 section 7.1).
  redirect_uris = ["com.example.field:/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
}

resource "clerk_oauth_application" "mcp" {
  name          = "MCP client"
  public        = true
  pkce_required = true
  # Loopback redirects (RFC 8252 section 7.3). With 127.0.0.1 any port matches, with localhost only this one.
  redirect_uris = [
    "http://127.0.0.1:33418/callback",
    "http://localhost:33418/callback",
  ]
  scopes = ["openid", "profile", "email"]
}

output "client_ids" {
  value = {
    mobile = clerk_oauth_application.mobile.client_id
    mcp    = clerk_oauth_application.mcp.client_id
  }
}
