package tutum_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/tutum"
)

// FuzzJSON compares with encoding/json, which takes the same texts and finds the same in them.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`{"a": [1, -2.5e3, true, false, null, "x\u00e9\ud83d\ude00\n"], "b": {}}`, `[]`, `[1,]`, `{"a"}`, `"\ud800"`, `"\ud800\u0041"`, `01`, `1.`, `-`, `nul`,
		"\"\xff\"", `"a`, `[[[[`, `{"a":1,"a":2}`, ` 1 2`, "\"\x01\"", `1e999`, `"\x"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := tutum.ParseJSON(text)
		var want any
		wantErr := json.Unmarshal(text, &want)
		if (err == nil) != (wantErr == nil) {
			if bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > 90 {
				return // the depths differ
			}
			t.Fatalf("%q: error %v, encoding/json says %v", text, err, wantErr)
		}
		if err == nil {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := tutum.ReadResponse(bufio.NewReader(bytes.NewReader(text)), 1000)
		if err == nil && len(body) > 1000 {
			t.Errorf("a body of %d bytes", len(body))
		}
	})
}
