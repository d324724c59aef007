# A new secret every 90 days, by the first apply after that. The plan before it says so. Until such an apply nothing happens:
# Terraform runs when it is run, so let a pipeline do that every day.

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

  # When the time is over, time_rotating is made anew, and its id with it.
  rotate_secret_trigger = time_rotating.client_secret.id
}

output "secret_replaced_by" {
  value = time_rotating.client_secret.rotation_rfc3339
}
