# Clerk keeps one secret for each application, so a rotation cuts off whoever still uses the old secret. Where no gap is allowed,
# two applications take turns: one is in use while the other one is rotated.
#
# Keep the three values in this file and not in -var: a value that is missing next time is a different value too, and rotates.
#
#   1. rotate_green = "2", apply      green gets a new secret; nobody uses it yet
#   2. active = "green", apply        clients are handed green's client_id and secret
#   3. when all of them use green     blue is free: next time set rotate_blue = "2", then active = "blue"
#
# Each of the two has its own client_id, so users consent to each of them once.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "active" {
  description = "Which of the two clients use."
  type        = string
  default     = "blue"

  validation {
    condition     = contains(["blue", "green"], var.active)
    error_message = "Must be blue or green."
  }
}

variable "rotate_blue" {
  type    = string
  default = "1"
}

variable "rotate_green" {
  type    = string
  default = "1"
}

resource "clerk_oauth_application" "app" {
  for_each = {
    blue  = var.rotate_blue
    green = var.rotate_green
  }

  name                  = "Partner portal (${each.key})"
  redirect_uris         = ["https://portal.example.com/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  public                = false
  pkce_required         = true
  rotate_secret_trigger = each.value
}

output "client_id" {
  value = clerk_oauth_application.app[var.active].client_id
}

output "client_secret" {
  value     = clerk_oauth_application.app[var.active].client_secret
  sensitive = true

  # The command terraform import fails on this for the active application. Import it while the other one is active, or with an
  # import block and a new value of its rotate_ variable in the same apply.
  precondition {
    condition     = clerk_oauth_application.app[var.active].client_secret_version != null
    error_message = "Terraform does not know the client secret of the active application, because it was imported or is public. Change its rotate_ variable to create a secret that Terraform knows; the current one stops working."
  }
}
