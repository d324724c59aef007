# In a file that ends in .tfquery.hcl, for `terraform query`.
list "clerk_oauth_application" "previews" {
  provider = clerk
  limit    = 500 # Terraform's default is 100

  config {
    name_query = "preview"
  }
}
