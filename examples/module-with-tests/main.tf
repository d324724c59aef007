# A module of your own, with tests that run against the Clerk simulator (tests/) and with mocks (tests-with-mocks/).

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
    error_message = "Must be a host name only, such as dashboard.example.com."
  }
}

variable "protect" {
  description = "Whether Terraform refuses to destroy the application. Tests set it to false, because they destroy what they create."
  type        = bool
  default     = true
}

variable "secret_rotation" {
  description = "Any string. A different value rotates the client secret."
  type        = string
  default     = null
}

resource "clerk_oauth_application" "this" {
  name                  = var.name
  redirect_uris         = ["https://${var.host}/oauth/callback"]
  scopes                = ["openid", "profile", "email"]
  public                = false
  pkce_required         = true
  deletion_protection   = var.protect
  rotate_secret_trigger = var.secret_rotation
}

output "client_id" {
  value = clerk_oauth_application.this.client_id
}

output "client_secret" {
  value     = clerk_oauth_application.this.client_secret
  sensitive = true
}

output "client_secret_version" {
  value = clerk_oauth_application.this.client_secret_version
}
