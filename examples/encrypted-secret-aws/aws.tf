# Hands a client secret to AWS Secrets Manager. It is stored in plain text in neither the state nor a plan file.
# Needs Terraform 1.11 or OpenTofu 1.11, and version 5.88 or later of the AWS provider.

terraform {
  required_version = ">= 1.11"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.88"
    }
  }
}

resource "aws_secretsmanager_secret" "portal" {
  name = "partner-portal/oauth-client"
}

resource "aws_secretsmanager_secret_version" "portal" {
  secret_id = aws_secretsmanager_secret.portal.id

  # Write-only: sent, and stored in no state. It is sent again only when its version changes.
  secret_string_wo = jsonencode({
    client_id     = clerk_oauth_application.portal.client_id
    client_secret = ephemeral.clerk_decrypted_secret.portal.plaintext
  })
  secret_string_wo_version = clerk_oauth_application.portal.client_secret_version

  lifecycle {
    # The version is null if Terraform does not know the secret. Without this check the store would get an empty one.
    precondition {
      condition     = clerk_oauth_application.portal.client_secret_version != null
      error_message = "Terraform does not know the client secret of the partner portal, because the application was imported or is public. Change rotate_secret_trigger to create a secret that Terraform knows (the current one stops working), or remove this resource."
    }
  }
}
