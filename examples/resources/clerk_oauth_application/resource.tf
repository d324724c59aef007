resource "clerk_oauth_application" "dashboard" {
  name          = "Internal dashboard"
  redirect_uris = ["https://dashboard.example.com/oauth/callback"]
  scopes        = ["openid", "profile", "email"]
  pkce_required = true

  # Another text rotates the client secret; the present one then stops working at once.
  rotate_secret_trigger = "2026-07"

  # Its client_id and its users' grants cannot be brought back.
  deletion_protection = true
}
