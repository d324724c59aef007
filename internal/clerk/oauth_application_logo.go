package clerk

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
)

// MaxLogoBytes is the largest logo that Clerk takes.
const MaxLogoBytes = 10 << 20

// LogoTypes are the image types that Clerk takes.
var LogoTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// LogoType recognises the type of an image by its first bytes. ok is false when
// Clerk does not take it.
func LogoType(image []byte) (contentType string, ok bool) {
	contentType = http.DetectContentType(image)
	return contentType, slices.Contains(LogoTypes, contentType)
}

// UploadOAuthApplicationLogo sets or replaces the logo. There is no request that
// removes one.
func (c *Client) UploadOAuthApplicationLogo(ctx context.Context, id, fileName string, image []byte) (OAuthApplication, error) {
	contentType, ok := LogoType(image)
	if !ok {
		return OAuthApplication{}, fmt.Errorf("a logo of type %s is not supported; Clerk accepts %v", contentType, LogoTypes)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", fileName)},
		"Content-Type":        {contentType},
	})
	if err != nil {
		return OAuthApplication{}, err
	}
	// Writes to a bytes.Buffer do not fail.
	_, _ = part.Write(image)
	_ = form.Close()
	defer c.reads.BeginWrite(id)()

	return send(c, patienceOf(ctx), request{
		operation: opUpdate, method: http.MethodPut, route: routeLogo, id: id,
		body: body.Bytes(), contentType: form.FormDataContentType(),
	}, applicationOf(id))
}
