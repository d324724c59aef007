# By id.
terraform import clerk_oauth_application.dashboard oa_2O4BCh3zUONvWlZHtBXv6s6tm7u

# By client_id, which the Clerk dashboard shows.
terraform import clerk_oauth_application.dashboard d9g4CT4WYiCBm7EU
