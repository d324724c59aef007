# Takes over an application from the state of another Clerk provider, with its client secret. Needs Terraform 1.8 or OpenTofu
# 1.10. The address has to be another one than before.

terraform {
  required_version = ">= 1.8"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk" # was "vanillauys/clerk"
      version = "~> 0.1"
    }
  }
}

moved {
  from = clerk_oauth_application.portal
  to   = clerk_oauth_application.partner_portal
}

resource "clerk_oauth_application" "partner_portal" {
  name          = "Partner portal"
  redirect_uris = ["https://portal.example.com/oauth/callback"] # was callback_url
  scopes        = ["profile", "email"]                          # was "profile email"
}
