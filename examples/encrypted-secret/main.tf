# A client secret that is never stored in the state: the provider encrypts it to an age key (https://age-encryption.org) when Clerk
# shows it, and decrypts it only while an apply hands it on. Needs Terraform 1.11 or OpenTofu 1.11.
#
#   age-keygen -o age.key                              # keep this file where secrets are kept
#   export TF_VAR_age_recipient=$(age-keygen -y age.key)
#   export TF_VAR_age_identity=$(cat age.key)

terraform {
  required_version = ">= 1.11"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "age_recipient" {
  description = "Public half of an age key (age1...) or of an SSH key (ssh-ed25519 ...)."
  type        = string
}

variable "age_identity" {
  description = "Private half of the same key. Ephemeral: stored in neither state nor plan."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "store_command" {
  description = "Shell command that stores the secret. It finds the secret in the environment variable CLIENT_SECRET."
  type        = string
  default     = "printenv CLIENT_SECRET | tr -d '\\n' | vault kv put -mount=secret partner-portal client_secret=-"
}

variable "secret_rotation" {
  description = "Any string. A different value rotates the client secret and hands on the new one."
  type        = string
  default     = "1"
}

resource "clerk_oauth_application" "portal" {
  name                     = "Partner portal"
  redirect_uris            = ["https://portal.example.com/oauth/callback"]
  scopes                   = ["openid", "profile", "email"]
  public                   = false
  pkce_required            = true
  encrypt_client_secret_to = [var.age_recipient]
  rotate_secret_trigger    = var.secret_rotation
}

ephemeral "clerk_decrypted_secret" "portal" {
  ciphertext = clerk_oauth_application.portal.client_secret_encrypted
  identity   = var.age_identity
}

# If the secret manager has a provider with a write-only argument, use that instead: see encrypted-secret-aws.
resource "terraform_data" "hand_on" {
  # The version changes with every new secret and at no other time.
  triggers_replace = clerk_oauth_application.portal.client_secret_version

  provisioner "local-exec" {
    command = var.store_command
    environment = {
      CLIENT_SECRET = ephemeral.clerk_decrypted_secret.portal.plaintext
    }
  }

  lifecycle {
    precondition {
      condition     = clerk_oauth_application.portal.client_secret_version != null
      error_message = "Terraform does not know the client secret of the partner portal, because the application was imported or is public. Change secret_rotation to create a secret that Terraform knows (the current one stops working), or remove terraform_data.hand_on."
    }
  }
}

output "client_id" {
  value = clerk_oauth_application.portal.client_id
}

output "client_secret_encrypted" {
  value = clerk_oauth_application.portal.client_secret_encrypted
}
