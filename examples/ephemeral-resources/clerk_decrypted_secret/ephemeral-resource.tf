resource "clerk_oauth_application" "portal" {
  name                     = "Partner portal"
  redirect_uris            = ["https://portal.example.com/oauth/callback"]
  scopes                   = ["openid", "profile", "email"]
  public                   = false
  pkce_required            = true
  encrypt_client_secret_to = [var.age_recipient]
}

# Opened during plan and apply, stored in neither state nor plan. It sends no request and rotates nothing.
ephemeral "clerk_decrypted_secret" "portal" {
  ciphertext = clerk_oauth_application.portal.client_secret_encrypted
  identity   = var.age_identity
}

variable "age_recipient" {
  description = "Public half of an age key (age1..., from age-keygen) or of an SSH key (ssh-ed25519 ...)."
  type        = string
}

variable "age_identity" {
  description = "Private half of the same key: TF_VAR_age_identity, from where secrets are kept."
  type        = string
  sensitive   = true
  ephemeral   = true
}
