# Takes over an application from the state of another Clerk provider, with its client secret: at the same address, by another
# source. Works with Terraform 1.5 and OpenTofu 1.8.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk" # was "vanillauys/clerk"
      version = "~> 0.1"
    }
  }
}

resource "clerk_oauth_application" "portal" {
  name          = "Partner portal"
  redirect_uris = ["https://portal.example.com/oauth/callback"] # was callback_url
  scopes        = ["profile", "email"]                          # was "profile email"
  public        = false
}
