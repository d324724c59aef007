# Applications that registered themselves are left out, unless dynamically_registered = true asks for them.
list "clerk_oauth_application" "all" {
  provider = clerk
  limit    = 1000
}
