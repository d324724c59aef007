package clerktest_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// putLogo uploads a file in a part of the given name and type.
func (c *client) putLogo(id, part, contentType string, file []byte) response {
	c.t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="logo"`, part))
	header.Set("Content-Type", contentType)
	field, err := writer.CreatePart(header)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = field.Write(file) // a bytes.Buffer takes everything
	_ = writer.Close()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, c.url+applications+"/"+id+"/logo", &body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", writer.FormDataContentType())
	got, err := c.send(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

func testImages(t testing.TB) map[string][]byte {
	t.Helper()
	picture := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	var asPNG, asJPEG, asGIF bytes.Buffer
	for _, err := range []error{png.Encode(&asPNG, picture), jpeg.Encode(&asJPEG, picture, nil), gif.Encode(&asGIF, picture, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{
		"image/png": asPNG.Bytes(), "image/jpeg": asJPEG.Bytes(), "image/gif": asGIF.Bytes(),
		"image/webp": []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"),
	}
}

func TestLogo(t *testing.T) {
	t.Parallel()
	s := clerktest.New(t)
	c := newClient(t, s)
	id := s.Seed("web")
	images := testImages(t)
	seen := map[string]bool{"": true}
	for contentType, file := range images {
		got := c.putLogo(id, "file", contentType, file)
		equal(t, contentType, got.status, http.StatusOK)
		if url := got.field("client_image_url"); seen[url] {
			t.Errorf("%s: client_image_url did not change: %q", contentType, url)
		} else {
			seen[url] = true
		}
	}
	a, _ := s.Application(id)
	equal(t, "kept", c.get(id).field("client_image_url"), a.ClientImageURL)

	for name, test := range map[string]struct {
		part, contentType string
		file              []byte
		want              string
	}{
		"no file":       {"picture", "image/png", images["image/png"], "400 form_param_missing Image file missing"},
		"empty file":    {"file", "image/png", nil, "400 form_param_missing Image file missing"},
		"text":          {"file", "text/plain", []byte("hello"), "400 request_body_invalid Unsupported image type"},
		"undeclared":    {"file", "application/octet-stream", images["image/png"], "400 request_body_invalid Unsupported image type"},
		"SVG":           {"file", "image/svg+xml", []byte("<svg/>"), "400 request_body_invalid Unsupported image type"},
		"text as image": {"file", "image/png", []byte("hello"), "400 request_body_invalid Unsupported image type"},
		"damaged":       {"file", "image/png", images["image/png"][:12], "400 request_body_invalid Image decode error"},
		"too large":     {"file", "image/png", append(images["image/png"], make([]byte, 10<<20)...), "413 image_too_large Image too large"},
		"far too large": {"file", "image/png", make([]byte, 12<<20), "413 image_too_large Image too large"},
	} {
		got := c.putLogo(id, test.part, test.contentType, test.file)
		equal(t, name, fmt.Sprint(got.status, " ", got.code(), " ", got.errorField("message")), test.want)
	}
	equal(t, "unknown application", c.putLogo("oa_x", "file", "image/png", images["image/png"]).code(), "resource_not_found")
	equal(t, "as JSON", c.do(http.MethodPut, applications+"/"+id+"/logo", object{}).code(), "unsupported_content_type")
}
