# A module of one's own, with tests that run against the Clerk simulator: see tests/web_client.tftest.hcl.

terraform {
  required_version = ">= 1.6"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "name" {
  description = "What users see on the consent screen."
  type        = string
}

variable "host" {
  description = "Host name of the web application."
  type        = string

  validation {
    condition     = !strcontains(var.host, "/")
    error_message = "Only the host name, such as dashboard.example.com."
  }
}

variable "secret_rotation" {
  description = "Any text. Another one rotates the client secret."
  type        = string
  default     = null
}

resource "clerk_oauth_application" "this" {
  name                  = var.name
  redirect_uris         = ["https://${var.host}/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  pkce_required         = true
  rotate_secret_trigger = var.secret_rotation
}

output "client_id" {
  value = clerk_oauth_application.this.client_id
}

output "client_secret" {
  value     = clerk_oauth_application.this.client_secret
  sensitive = true
}
