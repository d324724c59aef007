# Needs a running simulator and its two variables: make simulator && . ./sim.env
# A run can compare with the run before it through a variable of its own, here "before", with Terraform and with OpenTofu.

variables {
  name    = "Internal dashboard"
  host    = "dashboard.example.com"
  protect = false
}

run "create" {
  assert {
    condition     = clerk_oauth_application.this.redirect_uris == toset(["https://dashboard.example.com/oauth/callback"])
    error_message = "The redirect URI does not follow from the host."
  }
  assert {
    condition     = length(output.client_secret) > 0
    error_message = "There is no client secret."
  }
}

run "rename" {
  variables {
    name   = "Dashboard"
    before = run.create.client_secret_version
  }
  assert {
    condition     = output.client_secret_version == var.before
    error_message = "A new name must not change the client secret."
  }
}

run "rotate" {
  variables {
    name            = "Dashboard"
    secret_rotation = "2026-07"
    before          = run.rename.client_secret_version
  }
  assert {
    condition     = output.client_secret_version > var.before
    error_message = "The client secret was not rotated."
  }
}

run "refuses_a_url" {
  command = plan

  variables {
    host = "https://dashboard.example.com"
  }
  # Only the module's own rules: a test cannot expect an error of the provider.
  expect_failures = [var.host]
}
