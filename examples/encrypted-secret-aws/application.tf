# The application, and the ephemeral resource that decrypts its client secret during an apply. Every secret store can use it.

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

resource "clerk_oauth_application" "portal" {
  name                     = "Partner portal"
  redirect_uris            = ["https://portal.example.com/oauth/callback"]
  scopes                   = ["openid", "profile", "email"]
  public                   = false
  pkce_required            = true
  encrypt_client_secret_to = [var.age_recipient]
  rotate_secret_trigger    = "2026-07"
}

ephemeral "clerk_decrypted_secret" "portal" {
  ciphertext = clerk_oauth_application.portal.client_secret_encrypted
  identity   = var.age_identity
}
