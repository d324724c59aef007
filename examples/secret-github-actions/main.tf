# Hands a client secret to a GitHub Actions secret. The GitHub provider has no write-only argument for it, so the client secret is
# stored in plain text in the state, at both resources. To keep it out of the state, use the example encrypted-secret with
#   store_command = "printenv CLIENT_SECRET | tr -d '\\n' | gh secret set CLIENT_SECRET --repo example/portal"

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
    github = {
      source  = "integrations/github"
      version = ">= 6.0"
    }
  }
}

resource "clerk_oauth_application" "portal" {
  name                  = "Partner portal"
  redirect_uris         = ["https://portal.example.com/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  public                = false
  pkce_required         = true
  rotate_secret_trigger = "2026-07"
}

resource "github_actions_variable" "client_id" {
  repository    = "portal"
  variable_name = "OAUTH_CLIENT_ID"
  value         = clerk_oauth_application.portal.client_id
}

resource "github_actions_secret" "client_secret" {
  repository      = "portal"
  secret_name     = "OAUTH_CLIENT_SECRET"
  plaintext_value = clerk_oauth_application.portal.client_secret

  lifecycle {
    # The version is null if Terraform does not know the secret. Without this check GitHub would get an empty one.
    precondition {
      condition     = clerk_oauth_application.portal.client_secret_version != null
      error_message = "Terraform does not know the client secret of the partner portal, because the application was imported or is public. Change rotate_secret_trigger to create a secret that Terraform knows (the current one stops working), or remove this resource."
    }
  }
}
