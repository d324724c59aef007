# By exact name; id and client_id work as well. Two applications with one name are an error that gives both ids.
data "clerk_oauth_application" "dashboard" {
  name = "Internal dashboard"
}

output "client_id" {
  value = data.clerk_oauth_application.dashboard.client_id
}

output "discovery_url" {
  value = data.clerk_oauth_application.dashboard.discovery_url
}
