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

// envelope is the body of every error answer in JSON.
type envelope struct {
	Errors  []clerkError `json:"errors"`
	TraceID string       `json:"clerk_trace_id"`
}

func failure(status int, errs ...clerkError) answer {
	return answer{status: status, errors: errs}
}

// formError is an error about one parameter, which meta names.
func formError(code, message, parameter, long string, arguments ...any) clerkError {
	return clerkError{
		Code: code, Message: message, LongMessage: fmt.Sprintf(long, arguments...),
		Meta: map[string]any{"param_name": parameter},
	}
}

func missing(parameter string) clerkError {
	return formError("form_param_missing", "is missing", parameter, "%s must be included.", parameter)
}

func null(parameter string) clerkError {
	return formError("form_param_nil", "is invalid", parameter, "%s cannot be null.", parameter)
}

func empty(parameter string) clerkError {
	return formError("form_param_value_invalid", "is invalid", parameter, "%s is invalid. Must be not empty", parameter)
}

func wrongType(parameter, received, expected string) clerkError {
	return formError("form_param_value_invalid", "is invalid", parameter,
		"%s is invalid. Received %s, must be of type %s.", parameter, received, expected)
}

func badEncoding(parameter string) clerkError {
	return formError("form_param_value_invalid", "is invalid", parameter, "invalid character encoding")
}

func notAllowed(parameter, value string) clerkError {
	return formError("form_param_value_invalid", "is invalid", parameter,
		"%s does not match one of the allowed values for parameter %s", value, parameter)
}

func tooLong(parameter string, limit int) clerkError {
	return formError("form_param_max_length_exceeded", "exceeds maximum length", parameter,
		"%s should not exceed %d characters.", parameter, limit)
}

func notURL(parameter, value string) clerkError {
	return formError("form_param_format_invalid", "is invalid", parameter, "%q is not a valid URL.", value)
}

func unknownParameter(parameter string) clerkError {
	return formError("form_param_unknown", "is unknown", parameter, "%s is not a valid parameter for this request.", parameter)
}

func duplicateValues(parameter string) clerkError {
	return formError("form_param_duplicate", "duplicate values", parameter, "%s contains duplicate values", parameter)
}

var (
	errAuthorizationFormat = failure(http.StatusUnauthorized, clerkError{
		Code: "authorization_header_format_invalid", Message: "Invalid Authorization header format",
		LongMessage: "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
	})
	errKeyInvalid = failure(http.StatusUnauthorized, clerkError{
		Code:        "clerk_key_invalid",
		Message:     "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.",
		LongMessage: "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.",
	})
	errBodyInvalid = failure(http.StatusBadRequest, clerkError{
		Code: "request_body_invalid", Message: "Request body invalid",
		LongMessage: "The request body is invalid. Please consult the API documentation for more information.",
	})
	errParametersMalformed = failure(http.StatusBadRequest, clerkError{
		Code: "malformed_request_parameters", Message: "Malformed request parameters",
		LongMessage: "The request parameters are malformed and could not be parsed",
	})
	errNotFound = failure(http.StatusNotFound, clerkError{
		Code: "resource_not_found", Message: "not found", LongMessage: "Resource not found",
	})
	errDuplicateRedirect = failure(http.StatusBadRequest, clerkError{
		Code: "duplicate_record", Message: "duplicate redirect URI", LongMessage: "the redirect URI already exists",
	})
	errConsentRequired = failure(http.StatusUnprocessableEntity, clerkError{
		Code: "oauth_application_consent_screen_cannot_be_disabled", Message: "consent screen cannot be disabled",
		LongMessage: "Consent screen cannot be disabled for a dynamically registered OAuth Application",
		Meta:        map[string]any{"param_name": "consent_screen_enabled"},
	})
	errPublicWithoutPKCE = failure(http.StatusUnprocessableEntity, clerkError{
		Code: "form_public_client_requires_pkce", Message: "PKCE is required",
		LongMessage: "PKCE is required for OAuth clients without a secret",
		Meta:        map[string]any{"param_name": "pkce_required"},
	})
	errRotatePublic = failure(http.StatusUnprocessableEntity, clerkError{
		Code: "form_conditional_param_disallowed", Message: "is not allowed",
		LongMessage: "A public OAuth application has no client secret to rotate.",
		Meta:        map[string]any{"param_name": "public"},
	})
	errScopeInvalid = failure(http.StatusBadRequest, clerkError{
		Code: "oauth_invalid_scope", Message: "Invalid scope.",
		LongMessage: "An invalid scope was used. Specify a different scope and try again.",
	})
)

func errVersionInvalid(reason string) answer {
	return failure(http.StatusBadRequest, clerkError{
		Code: "api_version_invalid", Message: "invalid API version", LongMessage: "Invalid Clerk API version: " + reason,
	})
}

func errContentType(actual, expected string) answer {
	return failure(http.StatusUnsupportedMediaType, clerkError{
		Code: "unsupported_content_type", Message: "Content-Type is unsupported",
		LongMessage: fmt.Sprintf("Content-Type %s is unsupported. You should use %s instead.", actual, expected),
	})
}

func errBodyTooLarge(limit int) answer {
	return failure(http.StatusRequestEntityTooLarge, clerkError{
		Code: "request_body_too_large", Message: "Request body too large",
		LongMessage: fmt.Sprintf("The request body exceeds the maximum allowed size of %d bytes.", limit),
	})
}

// messages are the texts of errors that only faults produce. Codes that are missing here get their own name as text.
var messages = map[string][2]string{
	"authorization_invalid":          {"Unauthorized request", "You are not authorized to perform this request"},
	"authorization_missing_scopes":   {"Missing authorization scopes", "Missing authorization scopes"},
	"clerk_key_invalid":              {errKeyInvalid.errors[0].Message, errKeyInvalid.errors[0].LongMessage},
	"conflict":                       {"Conflict", "Conflict"},
	"feature_not_enabled":            {"not enabled", "This feature is not enabled on this instance"},
	"feature_requires_oidc_provider": {"not an OIDC provider", "You are using the legacy OAuth 2.0 provider. Please migrate to the new OIDC compatible provider to use this feature"},
	"gateway_timeout":                {"Gateway Timeout", "A request to a 3rd party service timed out"},
	"internal_clerk_error":           {"Oops, an unexpected error occurred", "There was an internal error on our servers. We've been notified and are working on fixing it."},
	"operation_deprecated":           {"endpoint is deprecated and pending removal", "endpoint is deprecated and pending removal"},
	"quota_exceeded":                 {"Quota exceeded", "Quota exceeded, you have reached your limit."},
	"resource_locked":                {"resource busy", "This resource is currently being modified by another request. Please try again."},
	"resource_not_found":             {"not found", "Resource not found"},
	"service_unavailable":            {"Service unavailable", "Service unavailable"},
	"too_many_requests":              {"Too many requests", "Too many requests, retry later"},
}

func catalogueError(code string) clerkError {
	text, known := messages[code]
	if !known {
		text = [2]string{code, code}
	}
	return clerkError{Code: code, Message: text[0], LongMessage: text[1]}
}
