resource "clerk_oauth_application" "dashboard" {
  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  public        = false
  pkce_required = true

  # A different value rotates the client secret. The current secret then stops working at once.
  rotate_secret_trigger = "2026-07"

  # Deleting an application permanently loses its client_id and its users' grants.
  deletion_protection = true
}
