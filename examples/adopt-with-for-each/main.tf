# Adopts what exists and creates what does not exist, by name. Needs Terraform 1.7 or OpenTofu 1.8.

terraform {
  required_version = ">= 1.7"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

locals {
  applications = {
    "Internal dashboard" = {
      redirect_uris = ["https://dashboard.example.com/oauth/callback"]
      scopes        = ["profile", "email"]
    }
    "Partner portal" = {
      redirect_uris = ["https://portal.example.com/oauth/callback"]
      scopes        = ["profile", "email"]
    }
  }

  # A list for each name, because names need not be unique; one() below refuses more than one.
  existing_ids = {
    for app in data.clerk_oauth_applications.existing.oauth_applications : app.name => app.id...
  }
}

data "clerk_oauth_applications" "existing" {
  dynamically_registered = false
}

import {
  for_each = {
    for name, ids in local.existing_ids : name => one(ids) if contains(keys(local.applications), name)
  }
  to = clerk_oauth_application.app[each.key]
  id = each.value
}

resource "clerk_oauth_application" "app" {
  for_each = local.applications

  name          = each.key
  redirect_uris = each.value.redirect_uris
  scopes        = each.value.scopes
}
