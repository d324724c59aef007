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
  # With a key of any other instance nothing is read or written. Remove it, or set the id of yours.
  instance_id = var.clerk_instance_id
}

variable "clerk_instance_id" {
  description = "Id of the Clerk instance (ins_...). Null: whichever the key belongs to."
  type        = string
  default     = null
}
