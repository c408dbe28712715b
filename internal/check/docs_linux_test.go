package check_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/check"
)

const page = "../../docs/check.md"

// part is what stands in the page between two texts.
func part(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil && os.Geteuid() != 0 {
		t.Skip(err)
	}
	ok(t, err)
	_, after, found := strings.Cut(string(text), from)
	inside, _, end := strings.Cut(after, to)
	if !found || !end {
		t.Fatalf("%s: there is no text between %q and %q", page, from, to)
	}
	return inside
}

// TestCodesDocumented: the page has a row for each kind of findings, made of the code.
func TestCodesDocumented(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString("\n| code | at most | what is found | what to do |\n|--|--|--|--|\n")
	for _, k := range check.Kinds() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", k.Code, k.Severity, k.What, k.Fix)
	}
	if diff := cmp.Diff(want.String(), part(t, "<!-- begin codes: internal/check/codes.go -->", "<!-- end codes -->")); diff != "" {
		t.Errorf("%s (-code +page):\n%s", page, diff)
	}
}

// TestPage: the examples of the page are what is printed.
func TestPage(t *testing.T) {
	t.Parallel()
	root := image(files{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n", "etc/cont-init.d/.gitkeep": "", "etc/cont-init.d/10-config": "0644 " + contv, "etc/cont-init.d/20-dos": "#!/bin/sh\r\n",
		rcd + "migrate/type": "oneshot\n", rcd + "migrate/up": "cd /app && ./migrate\n", rcd + "migrate/dependencies": "web\ndatabsae\n", rcd + "user/contents.d/migrate": "",
		rcd + "web/type": "longrun\n", rcd + "web/run": contv + "mkdir -p /run/web\nexec s6-setuidgid www-dta nginx -g \"daemon off;\"\n", rcd + "database/type": "longrun\n",
		rcd + "database/run": "#!/usr/bin/execlineb -P\nif {\n", "etc/services.d/ssh/run": sh + "exec /usr/sbin/sshd -e\n", "etc/services.d/ssh/finnish": sh,
		"etc/services.d/log/run": "#!/usr/bin/env bash\nexec cat\n", "etc/services.d/log/down-signal": "SIGQIT\n", "etc/services.d/log/lock-fd": "4\n",
		"etc/services.d/app/run": sh + "cd /app\nnode server.js\n", "etc/services.d/app/finish": sh + "sleep 10\n",
	}).write(t)
	report := examine(t, root)
	var text strings.Builder
	ok(t, report.Write(&text, false))
	if diff := cmp.Diff(text.String(), part(t, "```text\n", "```")); diff != "" {
		t.Errorf("%s (-printed +page):\n%s", page, diff)
	}
	text.Reset()
	report = examine(t, files{"etc/services.d/ssh/run": sh + "exec /usr/sbin/sshd -e\n"}.write(t))
	ok(t, report.WriteJSON(&text))
	if diff := cmp.Diff(text.String(), part(t, "```json\n", "```")); diff != "" {
		t.Errorf("%s (-printed +page):\n%s", page, diff)
	}
}
