# A new client secret every 90 days, by the first apply after that time. The plan before that apply says so. Nothing happens
# until someone runs Terraform, so let a pipeline run it every day.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
    time = {
      source  = "hashicorp/time"
      version = ">= 0.9.0"
    }
  }
}

resource "time_rotating" "client_secret" {
  rotation_days = 90
}

resource "clerk_oauth_application" "app" {
  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  public        = false
  pkce_required = true

  # When the time is over, time_rotating is created again with a new id.
  rotate_secret_trigger = time_rotating.client_secret.id
}

output "secret_replaced_by" {
  value = time_rotating.client_secret.rotation_rfc3339
}
