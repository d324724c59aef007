# What `make demo` uses to find the application again, in a configuration of its own.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

data "clerk_oauth_applications" "found" {
  name_query = "dashboard"
}

output "found" {
  value = {
    for app in data.clerk_oauth_applications.found.oauth_applications :
    app.name => {
      client_id     = app.client_id
      redirect_uris = app.redirect_uris
    }
  }
}
