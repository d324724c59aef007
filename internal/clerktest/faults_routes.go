package clerktest

import "net/http"

// The methods below narrow a fault to one endpoint of Clerk's API, by what the endpoint
// does. On narrows it to any other.

// OnCreate narrows a fault to the creation of an application.
func (f Fault) OnCreate() Fault { return f.On(http.MethodPost, RouteApplications) }

// OnList narrows a fault to the list of applications.
func (f Fault) OnList() Fault { return f.On(http.MethodGet, RouteApplications) }

// OnRead narrows a fault to reading one application.
func (f Fault) OnRead() Fault { return f.On(http.MethodGet, RouteApplication) }

// OnUpdate narrows a fault to changing one application.
func (f Fault) OnUpdate() Fault { return f.On(http.MethodPatch, RouteApplication) }

// OnDelete narrows a fault to deleting one application.
func (f Fault) OnDelete() Fault { return f.On(http.MethodDelete, RouteApplication) }

// OnRotate narrows a fault to rotating a client secret.
func (f Fault) OnRotate() Fault { return f.On(http.MethodPost, RouteRotateSecret) }

// OnLogo narrows a fault to uploading a logo.
func (f Fault) OnLogo() Fault { return f.On(http.MethodPut, RouteLogo) }

// OnInstance narrows a fault to reading the instance.
func (f Fault) OnInstance() Fault { return f.On(http.MethodGet, RouteInstance) }
