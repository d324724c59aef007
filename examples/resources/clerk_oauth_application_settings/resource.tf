# MCP clients may register themselves without authentication, and get these scopes unless they ask for others.
# Import the settings first: then the plan shows what it changes.
resource "clerk_oauth_application_settings" "this" {
  dynamic_oauth_client_registration = true
  default_scopes                    = ["openid", "profile", "email"]
}
