package clerktest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// maxLogo is the largest logo in bytes: "the file size cannot exceed 10MB".
const maxLogo = 10 << 20

var logoTypes = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true,
}

func logoError(status int, code, message string) *answer {
	problem := problem(status, code, message, message)
	return &problem
}

var (
	errLogoMissing     = logoError(400, "form_param_missing", "Image file missing")
	errLogoUnsupported = logoError(400, "request_body_invalid", "Unsupported image type")
	errLogoTooLarge    = logoError(413, "image_too_large", "Image too large")
)

func uploadLogo(w *work) answer {
	if problem := checkLogo(w.request.Header.Get("Content-Type"), w.request.Body); problem != nil {
		return *problem
	}
	before := w.live()
	if before == nil {
		return errNotFound
	}
	after := before.copy()
	after.ClientImageURL = "https://img.clerk.com/" + randomText(40)
	w.touch(&after)
	w.store(&after)
	return w.found(&after)
}

// checkLogo checks the part named file: its declared type and its first bytes. A body of nil was
// too large to keep.
func checkLogo(contentType string, body []byte) *answer {
	if body == nil {
		return errLogoTooLarge
	}
	_, parameters, _ := mime.ParseMediaType(contentType) // was parsed before
	form, err := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]).ReadForm(maxBody)
	if err != nil {
		return &errBodyInvalid
	}
	if len(form.File["file"]) == 0 || form.File["file"][0].Size == 0 {
		return errLogoMissing
	}
	header := form.File["file"][0]
	file, err := header.Open()
	if err != nil {
		return &errBodyInvalid
	}
	defer file.Close()
	first := make([]byte, 512)
	n, _ := io.ReadFull(file, first) // a shorter file is an error too
	declared, detected := header.Header.Get("Content-Type"), http.DetectContentType(first[:n])
	switch {
	case header.Size > maxLogo:
		return errLogoTooLarge
	case !logoTypes[declared] || !logoTypes[detected]:
		return errLogoUnsupported
	}
	return nil
}
