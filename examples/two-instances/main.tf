# The same application in a development and a production instance. instance_id is a guard: the provider refuses to run if the key
# belongs to a different instance, so nobody can apply the configuration of one environment to the other.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "development" {
  description = "Key and id of the development instance."
  type        = object({ secret_key = string, instance_id = string })
  sensitive   = true

  # A null id would switch the guard off, and a null key would select the instance of CLERK_SECRET_KEY.
  validation {
    condition     = can(regex("^sk_", var.development.secret_key)) && can(regex("^ins_", var.development.instance_id))
    error_message = "Needs a secret key (sk_...) and the id of its instance (ins_...)."
  }
}

variable "production" {
  description = "Key and id of the production instance."
  type        = object({ secret_key = string, instance_id = string })
  sensitive   = true

  # A null id would switch the guard off, and a null key would select the instance of CLERK_SECRET_KEY.
  validation {
    condition     = can(regex("^sk_", var.production.secret_key)) && can(regex("^ins_", var.production.instance_id))
    error_message = "Needs a secret key (sk_...) and the id of its instance (ins_...)."
  }
}

provider "clerk" {
  alias       = "development"
  secret_key  = var.development.secret_key
  instance_id = var.development.instance_id
}

provider "clerk" {
  alias       = "production"
  secret_key  = var.production.secret_key
  instance_id = var.production.instance_id
}

resource "clerk_oauth_application" "development" {
  provider = clerk.development

  name          = "Internal dashboard"
  redirect_uris = ["http://localhost:3000/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  public        = false
  pkce_required = true
}

resource "clerk_oauth_application" "production" {
  provider = clerk.production

  name                = "Internal dashboard"
  redirect_uris       = ["https://dashboard.example.com/oauth/callback"]
  scopes              = ["openid", "profile", "email"]
  public              = false
  pkce_required       = true
  deletion_protection = true
}

output "client_ids" {
  value = {
    development = clerk_oauth_application.development.client_id
    production  = clerk_oauth_application.production.client_id
  }
}
