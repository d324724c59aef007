# By the id of the instance.
terraform import clerk_oauth_application_settings.this ins_2O4BCh3zUONvWlZHtBXv6s6tm7u

# By this text, for whichever instance the secret key belongs to.
terraform import clerk_oauth_application_settings.this oauth_application_settings
