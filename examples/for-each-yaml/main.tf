# Many applications from one YAML file. The keys of the file are the keys of for_each: renaming an application changes its name only,
# and changing a key would replace it.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

locals {
  # Every value is written out with its default, because what is not in the configuration is not enforced.
  applications = {
    for key, app in yamldecode(file("${path.module}/applications.yaml")) : key => {
      name          = app.name
      redirect_uris = toset(try(app.redirect_uris, []))
      scopes        = toset(try(app.scopes, ["openid", "profile", "email"]))
      public        = try(app.public, false)
      rotation      = try(app.rotation, null)
    }
  }
}

resource "clerk_oauth_application" "app" {
  for_each = local.applications

  name          = each.value.name
  redirect_uris = each.value.redirect_uris
  scopes        = each.value.scopes
  public        = each.value.public
  pkce_required = true

  # A public client has no secret, and a trigger on one is an error.
  rotate_secret_trigger = each.value.public ? null : each.value.rotation
}

output "client_ids" {
  value = { for key, app in clerk_oauth_application.app : key => app.client_id }
}

output "client_secrets" {
  value     = { for key, app in clerk_oauth_application.app : key => app.client_secret if !app.public }
  sensitive = true
}
