# Adopts one application that was created in the Clerk dashboard. If the configuration matches the application, the plan shows
# "1 to import" and nothing to change. Once applied, remove the import block and its variable.
# Terraform 1.5 wants the id itself in the import block; a variable works since 1.6.

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
  public        = false

  # No rotate_secret_trigger: with one, the apply that adopts would also replace the secret that is in use.
}
