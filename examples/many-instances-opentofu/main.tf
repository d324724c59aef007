# One application in many instances, with for_each in the provider block. Needs OpenTofu 1.9; Terraform has no such for_each.

terraform {
  required_version = ">= 1.9"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "instances" {
  description = "Id of each instance (ins_...), by a name of your own."
  type        = map(string)

  # Without an id the provider would accept the key of any instance.
  validation {
    condition     = alltrue([for id in values(var.instances) : can(regex("^ins_", id))])
    error_message = "Each instance needs its id, which begins with ins_."
  }
}

variable "secret_keys" {
  description = "Secret key of each instance, by the same name."
  type        = map(string)
  sensitive   = true
}

variable "retired" {
  description = "Names of instances whose application is to be destroyed. Apply that first, and remove them from instances afterwards."
  type        = set(string)
  default     = []
}

provider "clerk" {
  alias    = "by_name"
  for_each = var.instances

  secret_key  = var.secret_keys[each.key]
  instance_id = each.value
}

resource "clerk_oauth_application" "dashboard" {
  # OpenTofu destroys a resource with the provider that it was created with, so the provider must stay one apply longer.
  for_each = setsubtract(keys(var.instances), var.retired)
  provider = clerk.by_name[each.key]

  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  public        = false
  pkce_required = true
}

output "client_ids" {
  value = { for name, app in clerk_oauth_application.dashboard : name => app.client_id }
}
