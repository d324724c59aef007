# A new secret when somebody says so: change the trigger to any other text, look at the plan, apply.
# A date and a reason make a history of it in version control.

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

provider "clerk" {} # the key comes from CLERK_SECRET_KEY

variable "secret_rotation" {
  description = "Any text. Another one rotates the client secret."
  type        = string
  default     = "2026-07-01 first secret"
}

resource "clerk_oauth_application" "app" {
  name                  = "Internal dashboard"
  redirect_uris         = ["https://dashboard.example.com/oauth/callback"]
  rotate_secret_trigger = var.secret_rotation
}

output "client_secret_version" {
  value = clerk_oauth_application.app.client_secret_version
}
