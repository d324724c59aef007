# This provider for OAuth applications, and another Clerk provider for everything else. Each needs a local name of its own in
# required_providers; a local name may hold letters, digits and dashes.
#
# Terraform derives a resource's provider from the first word of its type. Both providers have types that begin with clerk_, so each
# resource of the provider whose local name is not "clerk" needs a provider argument.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
    clerk-other = {
      source  = "vanillauys/clerk"
      version = "~> 0.7"
    }
  }
}

# Both read the key from CLERK_SECRET_KEY.
provider "clerk" {}
provider "clerk-other" {}

resource "clerk_oauth_application" "dashboard" {
  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  public        = false
  pkce_required = true
}

resource "clerk_jwt_template" "dashboard" {
  provider = clerk-other

  name   = "dashboard"
  claims = jsonencode({ client = clerk_oauth_application.dashboard.client_id })
}
