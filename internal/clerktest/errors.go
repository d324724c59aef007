package clerktest

import (
	"fmt"
	"net/http"
)

// clerkError is one error of Clerk's error envelope.
type clerkError struct {
	Message     string         `json:"message"`
	LongMessage string         `json:"long_message"`
	Code        string         `json:"code"`
	Meta        map[string]any `json:"meta,omitempty"`
}

func failure(status int, errs ...clerkError) answer { return answer{status: status, errors: errs} }

// problem is an answer with a single error.
func problem(status int, code, message, long string) answer {
	return failure(status, clerkError{Code: code, Message: message, LongMessage: long})
}

// about names the parameter that an error is about.
func about(parameter, code, message, long string) clerkError {
	meta := map[string]any{"param_name": parameter}
	return clerkError{Code: code, Message: message, LongMessage: long, Meta: meta}
}

// refused is an answer with a single error about a parameter.
func refused(parameter, code, message, long string) answer {
	return failure(http.StatusUnprocessableEntity, about(parameter, code, message, long))
}

// invalid is an error about a value, in the words that follow "is invalid.".
func invalid(parameter, format string, arguments ...any) clerkError {
	return about(parameter, "form_param_value_invalid", "is invalid",
		parameter+" is invalid. "+fmt.Sprintf(format, arguments...))
}

func notAllowed(parameter, value string) clerkError {
	return about(parameter, "form_param_value_invalid", "is invalid",
		value+" does not match one of the allowed values for parameter "+parameter)
}

func tooLong(parameter string, limit int) clerkError {
	return about(parameter, "form_param_max_length_exceeded", "exceeds maximum length",
		fmt.Sprintf("%s should not exceed %d characters.", parameter, limit))
}

const keyInvalid = "The provided Clerk Secret Key is invalid. " +
	"Make sure that your Clerk Secret Key is correct."

var (
	errAuthorizationFormat = problem(http.StatusUnauthorized, "authorization_header_format_invalid",
		"Invalid Authorization header format",
		"Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'")
	errKeyInvalid = problem(http.StatusUnauthorized, "clerk_key_invalid", keyInvalid, keyInvalid)

	errVersionInvalid = problem(http.StatusBadRequest, "api_version_invalid", "invalid API version",
		"Invalid Clerk API version: there is no such version")
	errBodyInvalid = problem(http.StatusBadRequest, "request_body_invalid", "Request body invalid",
		"The request body is invalid. Please consult the API documentation for more information.")
	errParametersMalformed = problem(http.StatusBadRequest, "malformed_request_parameters",
		"Malformed request parameters",
		"The request parameters are malformed and could not be parsed")
	errDuplicateRedirect = problem(http.StatusBadRequest, "duplicate_record",
		"duplicate redirect URI", "the redirect URI already exists")
	errNotFound = problem(http.StatusNotFound, "resource_not_found", "not found", "Resource not found")

	errConsentRequired = refused("consent_screen_enabled",
		"oauth_application_consent_screen_cannot_be_disabled", "consent screen cannot be disabled",
		"Consent screen cannot be disabled for a dynamically registered OAuth Application")
	errRotatePublic = refused("public", "form_conditional_param_disallowed", "is not allowed",
		"A public OAuth application has no client secret to rotate.")
)

func errContentType(actual, expected string) answer {
	return problem(http.StatusUnsupportedMediaType, "unsupported_content_type",
		"Content-Type is unsupported", fmt.Sprintf(
			"Content-Type %s is unsupported. You should use %s instead.", actual, expected))
}

// messages are texts of Clerk's error catalogue for [ClerkError]. Other codes are their own text.
var messages = map[string][2]string{
	"authorization_invalid": {
		"Unauthorized request",
		"You are not authorized to perform this request",
	},
	"clerk_key_invalid":   {keyInvalid, keyInvalid},
	"feature_not_enabled": {"not enabled", "This feature is not enabled on this instance"},
	"resource_not_found":  {"not found", "Resource not found"},
	"service_unavailable": {"Service unavailable", "Service unavailable"},
	"too_many_requests":   {"Too many requests", "Too many requests, retry later"},
	"internal_clerk_error": {"Oops, an unexpected error occurred", "There was an internal error on " +
		"our servers. We've been notified and are working on fixing it."},
	"resource_locked": {
		"resource busy",
		"This resource is currently being modified by another request. Please try again.",
	},
	"feature_requires_oidc_provider": {"not an OIDC provider", "You are using the legacy OAuth 2.0 " +
		"provider. Please migrate to the new OIDC compatible provider to use this feature"},
}

// catalogued is an answer with an error of Clerk's catalogue.
func catalogued(status int, code string) answer {
	if text, known := messages[code]; known {
		return problem(status, code, text[0], text[1])
	}
	return problem(status, code, code, code)
}
