package clerktest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
)

// maxLogo is the largest logo in bytes: "the file size cannot exceed 10MB".
const maxLogo = 10 << 20

var logoTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

func uploadLogo(w *work) Answer {
	contentType, file, err := logoFile(w.request)
	switch {
	case w.request.Body == nil || len(file) > maxLogo: // a body of nil was too large to keep
		return catalogued(http.StatusRequestEntityTooLarge, "image_too_large")
	case err != nil || len(file) == 0:
		return catalogued(http.StatusBadRequest, "form_param_missing")
	case !slices.Contains(logoTypes, contentType) ||
		!slices.Contains(logoTypes, http.DetectContentType(file)):
		return catalogued(http.StatusBadRequest, "request_body_invalid")
	}
	after := w.before.copy()
	after.ClientImageURL = "https://img.clerk.com/" + randomText(40)
	w.touch(&after)
	w.store(&after)
	return w.found(&after)
}

// logoFile returns the part named file, and its declared type.
func logoFile(r *Request) (contentType string, file []byte, err error) {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil, err
	}
	reader := multipart.NewReader(bytes.NewReader(r.Body), parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err != nil {
			return "", nil, err
		}
		if part.FormName() == "file" {
			file, err := io.ReadAll(part)
			return part.Header.Get("Content-Type"), file, err
		}
	}
}
