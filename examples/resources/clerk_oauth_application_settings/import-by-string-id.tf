import {
  to = clerk_oauth_application_settings.this
  id = "ins_2O4BCh3zUONvWlZHtBXv6s6tm7u"
}
