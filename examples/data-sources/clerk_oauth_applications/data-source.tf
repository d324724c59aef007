# Applications that registered themselves, oldest first.
data "clerk_oauth_applications" "self_registered" {
  dynamically_registered = true
  order_by               = "created_at"
}

# Applications with "preview" in their name, in upper or lower case.
data "clerk_oauth_applications" "previews" {
  name_query = "preview"
}

output "self_registered" {
  value = {
    for app in data.clerk_oauth_applications.self_registered.oauth_applications :
    app.client_id => app.name
  }
}

output "number_of_previews" {
  value = length(data.clerk_oauth_applications.previews.oauth_applications)
}
