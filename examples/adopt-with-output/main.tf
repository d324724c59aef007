# Writes an import block for each application that exists, so that -generate-config-out can write the resources. Works with
# Terraform 1.5 and OpenTofu 1.8. Use a directory of its own: it manages nothing.
#
#   terraform init && terraform apply
#   terraform output -raw import_blocks > ../applications/imports.tf
#   cd ../applications                                     # the configuration that is to manage them
#   terraform plan -generate-config-out=adopted.tf         # "n to import, 0 to add, 0 to change"
#   terraform apply                                        # then remove imports.tf

terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

variable "managed_ids" {
  description = "Ids of applications (oa_...) that a configuration manages already. Importing one twice would give it two resources."
  type        = set(string)
  default     = []
}

# Without applications that registered themselves, which come and go without you.
data "clerk_oauth_applications" "all" {
  dynamically_registered = false
  order_by               = "created_at"
}

output "import_blocks" {
  # The resource's name is made of the application's name, and of the end of its id because names need not be unique. A name
  # can hold anything, also a line end: jsonencode() keeps it within its comment.
  value = join("\n", [
    for app in data.clerk_oauth_applications.all.oauth_applications : <<-EOT
      # ${jsonencode(app.name)}
      import {
        to = clerk_oauth_application.${replace(lower(app.name), "/^[^a-z]+|[^a-z0-9]+/", "_")}_${substr(app.id, -6, -1)}
        id = "${app.id}"
      }
    EOT
    if !contains(var.managed_ids, app.id)
  ])
}
