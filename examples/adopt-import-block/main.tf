# Adopts one application that was made in the Clerk dashboard. The plan shows "1 to import" and nothing to change where this
# says what the application is. Once applied, the import block and its variable can go.
# Terraform 1.5 wants the id itself in the import block; variables can be used there since 1.6.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "application" {
  description = "The id of the application (oa_...), or its client_id."
  type        = string
}

import {
  to = clerk_oauth_application.dashboard
  id = var.application
}

resource "clerk_oauth_application" "dashboard" {
  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["profile", "email"]

  # No rotate_secret_trigger: with one, the apply that adopts would also replace the secret that is in use.
}
