# Needs a running simulator, and the two variables that it prints (CLERK_API_URL and CLERK_SECRET_KEY); then: terraform test

variables {
  name = "Internal dashboard"
  host = "dashboard.example.com"
}

run "create" {
  assert {
    condition     = clerk_oauth_application.this.redirect_uris == toset(["https://dashboard.example.com/oauth/callback"])
    error_message = "The redirect URI is not made of the host."
  }
  assert {
    condition     = length(output.client_secret) > 0
    error_message = "There is no client secret."
  }
}

run "rename" {
  variables {
    name = "Dashboard"
  }
  assert {
    condition     = clerk_oauth_application.this.client_secret_version == 1
    error_message = "A new name must not touch the secret."
  }
}

run "rotate" {
  variables {
    name            = "Dashboard"
    secret_rotation = "2026-07"
  }
  assert {
    condition     = clerk_oauth_application.this.client_secret_version == 2
    error_message = "The secret was not rotated."
  }
}

run "refuses_a_url" {
  command = plan

  variables {
    host = "https://dashboard.example.com"
  }
  # The module's own rules only: an error of the provider cannot be expected here.
  expect_failures = [var.host]
}
