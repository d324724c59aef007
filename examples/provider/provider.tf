terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "~> 0.1"
    }
  }
}

# The key comes from the environment variable CLERK_SECRET_KEY, which keeps it out of files.
provider "clerk" {
  # Optional safety check: the provider refuses to run if the key belongs to a different instance.
  instance_id = var.clerk_instance_id
}

variable "clerk_instance_id" {
  description = "Id of the Clerk instance (ins_...). Null accepts whichever instance the key belongs to."
  type        = string
  default     = null
}
