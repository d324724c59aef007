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
  file = yamldecode(file("${path.module}/applications.yaml"))

  # Every value is written out with its default, because what is not in the configuration is not enforced. A YAML key without a
  # value is null, and coalesce() gives it the default too: with try() alone, "redirect_uris:" would leave all old URIs active.
  applications = {
    for key, app in local.file : key => {
      name          = app.name
      redirect_uris = toset(coalesce(try(app.redirect_uris, null), []))
      scopes        = toset(coalesce(try(app.scopes, null), ["openid", "profile", "email"]))
      public        = coalesce(try(app.public, null), false)
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

  lifecycle {
    # A misspelled key, such as redirect_uri, would count as a missing one and remove all redirect URIs.
    precondition {
      condition     = length(setsubtract(keys(local.file[each.key]), ["name", "redirect_uris", "scopes", "public", "rotation"])) == 0
      error_message = "The entry ${each.key} of applications.yaml has a key that this configuration does not read."
    }
  }
}

output "client_ids" {
  value = { for key, app in clerk_oauth_application.app : key => app.client_id }
}

output "client_secrets" {
  value     = { for key, app in clerk_oauth_application.app : key => app.client_secret if !app.public }
  sensitive = true
}
