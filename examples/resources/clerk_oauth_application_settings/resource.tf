# MCP clients may register themselves, and get these scopes unless they ask for others.
resource "clerk_oauth_application_settings" "this" {
  dynamic_oauth_client_registration = true
  default_scopes                    = ["openid", "profile", "email"]
}
