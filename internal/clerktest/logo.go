package clerktest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats that Clerk takes and the standard library reads
	_ "image/jpeg"
	_ "image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// maxLogo is the largest logo in bytes: "the file size cannot exceed 10MB".
const maxLogo = 10 << 20

const webp = "image/webp"

var logoTypes = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, webp: true}

func logoError(code, message string) answer {
	return failure(http.StatusBadRequest, clerkError{Code: code, Message: message, LongMessage: message})
}

var (
	errLogoMissing     = logoError("form_param_missing", "Image file missing")
	errLogoUnsupported = logoError("request_body_invalid", "Unsupported image type")
	errLogoUndecodable = logoError("request_body_invalid", "Image decode error")
	errLogoTooLarge    = failure(http.StatusRequestEntityTooLarge, clerkError{
		Code: "image_too_large", Message: "Image too large", LongMessage: "Image too large",
	})
)

func uploadLogo(s *Server, w *work) answer {
	if w.tooLarge {
		return errLogoTooLarge
	}
	if problem := checkLogo(w.contentType, w.body); problem != nil {
		return *problem
	}
	before, found := w.instance.live(w.id)
	if !found {
		return errNotFound
	}
	after := before.copy()
	after.ClientImageURL = fmt.Sprintf("https://img.clerk.com/%s", randomText(40))
	s.store(w, &after)
	return w.answerWith(&after)
}

// checkLogo reads the part named file. Both its declared type and its bytes must be one of the four kinds of image.
func checkLogo(contentType string, body []byte) *answer {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["boundary"] == "" {
		return &errBodyInvalid
	}
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return &errLogoMissing
		}
		if err != nil {
			return &errBodyInvalid
		}
		if part.FormName() != "file" {
			continue
		}
		file, err := io.ReadAll(part)
		if err != nil {
			return &errBodyInvalid
		}
		return checkImage(part.Header.Get("Content-Type"), file)
	}
}

func checkImage(declared string, file []byte) *answer {
	switch {
	case len(file) == 0:
		return &errLogoMissing
	case len(file) > maxLogo:
		return &errLogoTooLarge
	}
	mediaType, _, err := mime.ParseMediaType(declared)
	if err != nil || !logoTypes[mediaType] || !logoTypes[http.DetectContentType(file)] {
		return &errLogoUnsupported
	}
	if http.DetectContentType(file) == webp {
		return nil // the standard library has no decoder
	}
	if _, _, err := image.DecodeConfig(bytes.NewReader(file)); err != nil {
		return &errLogoUndecodable
	}
	return nil
}
