import {
  to = clerk_oauth_application.dashboard
  identity = {
    id = "oa_2O4BCh3zUONvWlZHtBXv6s6tm7u"
  }
}
