import {
  to = clerk_oauth_application_settings.this
  identity = {
    id = "ins_2O4BCh3zUONvWlZHtBXv6s6tm7u"
  }
}
