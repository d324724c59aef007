# Hands a client secret to Vault's KV store (version 2). It is stored in plain text in neither the state nor a plan file.
# Needs Terraform 1.11 or OpenTofu 1.11, and version 5 or later of the Vault provider.

terraform {
  required_version = ">= 1.11"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.0"
    }
  }
}

resource "vault_kv_secret_v2" "portal" {
  mount = "secret"
  name  = "partner-portal/oauth-client"

  # Write-only: sent, and stored in no state. It is sent again only when its version changes.
  data_json_wo = jsonencode({
    client_id     = clerk_oauth_application.portal.client_id
    client_secret = ephemeral.clerk_decrypted_secret.portal.plaintext
  })
  data_json_wo_version = clerk_oauth_application.portal.client_secret_version

  lifecycle {
    # The version is null if Terraform does not know the secret. Without this check the store would get an empty one.
    precondition {
      condition     = clerk_oauth_application.portal.client_secret_version != null
      error_message = "Terraform does not know the client secret of the partner portal, because the application was imported or is public. Change rotate_secret_trigger to create a secret that Terraform knows (the current one stops working), or remove this resource."
    }
  }
}
