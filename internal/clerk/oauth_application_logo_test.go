package clerk_test

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// pngImage is an image of one pixel.
var pngImage = encodeImage(func(b *bytes.Buffer, i image.Image) error { return png.Encode(b, i) })

func encodeImage(encode func(*bytes.Buffer, image.Image) error) []byte {
	var encoded bytes.Buffer
	if err := encode(&encoded, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return encoded.Bytes()
}

func TestLogoType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		image []byte
		want  string
		ok    bool
	}{
		"png":  {pngImage, "image/png", true},
		"jpeg": {encodeImage(func(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }), "image/jpeg", true},
		"gif":  {encodeImage(func(b *bytes.Buffer, i image.Image) error { return gif.Encode(b, i, nil) }), "image/gif", true},
		"webp": {[]byte("RIFF\x1a\x00\x00\x00WEBPVP8L"), "image/webp", true},
		"bmp":  {[]byte("BM\x00\x00\x00\x00"), "image/bmp", false},
		"svg":  {[]byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "text/plain; charset=utf-8", false},
		"none": {nil, "text/plain; charset=utf-8", false},
	} {
		contentType, ok := clerk.LogoType(test.image)
		equal(t, name, contentType, test.want)
		equal(t, name+" is taken", ok, test.ok)
	}
}

func TestUploadLogo(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		id := f.server.Seed("web")
		app, err := f.client.UploadOAuthApplicationLogo(f.Context(), id, `my "logo".png`, pngImage)
		noError(f, err)
		equal(f, "has an address", app.ClientImageURL != nil, true)
		request := f.server.Requests()[0]
		equal(f, "method", request.Method, "PUT")
		equal(f, "path", request.Path, "/v1/oauth_applications/"+id+"/logo")
		equal(f, "is a form", strings.HasPrefix(request.Header.Get("Content-Type"), "multipart/form-data; boundary="), true)
		equal(f, "holds the image", bytes.Contains(request.Body, pngImage), true)
		for _, line := range []string{"Content-Type: image/png\r\n", `name="file"`, `filename="my \"logo\".png"`} {
			equal(f, "the part has "+line, bytes.Contains(request.Body, []byte(line)), true)
		}
	})
}

func TestUploadOfAnotherTypeSendsNothing(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(f *fixture) {
		_, err := f.client.UploadOAuthApplicationLogo(f.Context(), f.server.Seed("web"), "logo.txt", []byte("no image"))
		equal(f, "fails", err != nil && strings.Contains(err.Error(), "text/plain"), true)
		equal(f, "requests", f.server.CountRequests("", ""), 0)
	})
}
