# Needs neither a simulator nor a key: terraform test -test-directory=tests-with-mocks

mock_provider "clerk" {
  mock_resource "clerk_oauth_application" {
    defaults = {
      client_id             = "d9g4CT4WYiCBm7EU"
      client_secret_version = 1785542400000
    }
  }
}

variables {
  name = "Internal dashboard"
  host = "dashboard.example.com"
}

run "hands_out_the_client_id" {
  variables {
    protect = false
  }
  assert {
    condition     = output.client_id == "d9g4CT4WYiCBm7EU"
    error_message = "The output is not the client_id of the application."
  }
}

run "protects_by_default" {
  command = plan

  assert {
    condition     = clerk_oauth_application.this.deletion_protection
    error_message = "The application is not protected from deletion."
  }
}
