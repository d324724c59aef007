# Adopts everything that `terraform query` finds. Needs Terraform 1.14; OpenTofu has no such command (see adopt-with-for-each).
#
#   terraform init
#   terraform query                                        # look at what there is
#   terraform query -generate-config-out=adopted.tf        # resource and import blocks for each
#   terraform plan                                         # "n to import, 0 to add, 0 to change"
#   terraform apply                                        # then remove the import blocks

terraform {
  required_version = ">= 1.14"
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}
