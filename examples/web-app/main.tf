# A web application with a server, which can keep a secret: the OAuth authorization code flow.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

provider "clerk" {} # the key comes from CLERK_SECRET_KEY

resource "clerk_oauth_application" "app" {
  name = "Internal dashboard"
  redirect_uris = [
    "https://dashboard.example.com/oauth/callback",
    "http://localhost:3000/oauth/callback",
  ]
  scopes = ["openid", "profile", "email"]

  # Its users are your own staff, so they need no consent screen.
  consent_screen_enabled = false
  public                 = false
  pkce_required          = true
  deletion_protection    = true
}

# What the application's server needs. The secret is stored in the state: encrypt the state, or see encrypted-secret.
output "oauth" {
  value = {
    issuer_discovery = clerk_oauth_application.app.discovery_url
    client_id        = clerk_oauth_application.app.client_id
    client_secret    = clerk_oauth_application.app.client_secret
  }
  sensitive = true
}
