# What `make demo` applies. See run.sh.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "name" {
  type    = string
  default = "Internal dashboard"
}

variable "secret_rotation" {
  type    = string
  default = "first"
}

resource "clerk_oauth_application" "dashboard" {
  name                  = var.name
  redirect_uris         = ["https://dashboard.example.com/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  rotate_secret_trigger = var.secret_rotation
}

output "client_id" {
  value = clerk_oauth_application.dashboard.client_id
}

output "client_secret" {
  value     = clerk_oauth_application.dashboard.client_secret
  sensitive = true
}

# Shows that there is a secret, and when it changes, without showing it.
output "client_secret_fingerprint" {
  value = substr(sha256(nonsensitive(clerk_oauth_application.dashboard.client_secret)), 0, 8)
}
