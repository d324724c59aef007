# Rotates the client secret when someone says so: change the value of secret_rotation, read the plan, apply.
# A date and a reason make a history of rotations in version control.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

provider "clerk" {} # the key comes from CLERK_SECRET_KEY

locals {
  # Any string. A different value rotates the client secret.
  secret_rotation = "2026-07-01 first secret"
}

resource "clerk_oauth_application" "app" {
  name                  = "Internal dashboard"
  redirect_uris         = ["https://dashboard.example.com/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  public                = false
  pkce_required         = true
  rotate_secret_trigger = local.secret_rotation
}

output "client_secret_version" {
  value = clerk_oauth_application.app.client_secret_version
}
