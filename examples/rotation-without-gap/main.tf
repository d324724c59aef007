# Clerk keeps one secret for an application, so replacing it cuts off whoever still uses the old one. Where no gap is allowed,
# two applications take turns: one is in use, the other one is rotated.
#
# Keep the three variables in a file (terraform.tfvars) and not in -var: a text that is missing next time is another text too,
# and rotates.
#
#   1. rotate_green = "2", apply      green gets a new secret; nobody uses it yet
#   2. active = "green", apply        clients are handed green's client_id and secret
#   3. when all of them use green     blue is free: next time it is rotate_blue = "2", then active = "blue"
#
# They have a client_id each, so a user consents to each of them once.

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
    error_message = "Either blue or green."
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
  rotate_secret_trigger = each.value
}

output "client_id" {
  value = clerk_oauth_application.app[var.active].client_id
}

output "client_secret" {
  value     = clerk_oauth_application.app[var.active].client_secret
  sensitive = true
}
