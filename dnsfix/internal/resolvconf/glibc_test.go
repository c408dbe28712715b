//go:build linux

package resolvconf_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/resolvconf"
)

// printRes prints what glibc's res_init(3) took from /etc/resolv.conf: its first
// three servers and six domains, and the numbers.
const printRes = `
#include <arpa/inet.h>
#include <resolv.h>
#include <stdio.h>
int main(void) {
	char text[64];
	res_init();
	for (int i = 0; i < _res.nscount; i++) {
		struct sockaddr_in6 *six = _res._u._ext.nsaddrs[i];
		if (six) printf(" %s", inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text));
		else printf(" %s", inet_ntop(AF_INET, &_res.nsaddr_list[i].sin_addr, text, sizeof text));
	}
	printf(" |");
	for (int i = 0; _res.dnsrch[i]; i++) printf(" %s", _res.dnsrch[i]);
	printf(" | %d %d %d %d %d %d\n", _res.ndots, _res.retrans, _res.retry,
		!!(_res.options & RES_ROTATE), !!(_res.options & RES_USEVC), !!(_res.options & RES_USE_EDNS0));
}`

// TestParseReadsAsGlibc compares with the library itself for the lines on which
// documentation says little. Where we differ on purpose there is no row here.
func TestParseReadsAsGlibc(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root to mount over /etc/resolv.conf")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "printres")
	cc := exec.Command("gcc", "-x", "c", "-o", program, "-")
	cc.Stdin = strings.NewReader(printRes)
	if out, err := cc.CombinedOutput(); err != nil {
		t.Skipf("needs gcc and glibc's headers: %v\n%s", err, out)
	}
	texts := []string{
		"nameserver 10.0.0.1\nsearch a.test b.test\noptions ndots:2\n",
		"nameserver 10.1\nnameserver 0x0a.010.1\nnameserver 08.1\nsearch .\n",
		"nameserver\t 10.0.0.1 10.0.0.2\nnameserver 10.0.0.3,10.0.0.4\nsearch a.test\nsearch \nsearch\n",
		" nameserver 10.0.0.1\nnameserver 10.0.0.2#53\nnameserver 10.0.0.3:53\nnameserver ::1\nsearch a.test\n",
		"nameserver 2001:db8::1%eth0\nnameserver 10.0.0.1x\nnameserver 10.0.0.1%1\nnameserver 10.0.0.5\ndomain a.test b.test\n",
		"search a.test b.test\ndomain c.test\nnameserver 10.0.0.1 # comment\n;nameserver 10.0.0.2\nnameserver 10.0.0.3",
		"domain c.test\nsearch a.test\tb.test   \nnameserver 10.0.0.1\x00nameserver 10.0.0.2\n",
		"nameserver 10.0.0.1\nsearch a.test\noptions ndots:99 timeout:99 attempts:99 rotate\noptions edns0 use-vc\n",
		"nameserver 10.0.0.1\nsearch a.test\noptions ndots:2x timeout:1.5 attempts:1 ndots:3\n\toptions rotate\n",
		"nameserver 10.0.0.1" + strings.Repeat(" ", 300) + "\nsearch a.test" + strings.Repeat(" ", 300) + "b.test\n",
		"NAMESERVER 10.0.0.1\nnameservers 10.0.0.2\nnameserver 10.0.0.3\nnameserver [::1]\nsearch a.test\noptions -rotate\n",
		string(resolvconf.Render([]byte(pod), resolvconf.Output{})),
	}
	script := "mount --make-rprivate /\n"
	for i, text := range texts {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		script += "mount --bind " + path + " /etc/resolv.conf && " + program + " || exit 1\n"
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c", script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")} // no LOCALDOMAIN, no RES_OPTIONS
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Skipf("cannot mount over /etc/resolv.conf here: %v\n%s", err, out)
	}
	for i, want := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if diff := cmp.Diff(want, asPrinted(resolvconf.Parse([]byte(texts[i])))); diff != "" {
			t.Errorf("%q (-glibc +Parse):\n%s", texts[i], diff)
		}
	}
}

// asPrinted is what printRes prints of the same file.
func asPrinted(c resolvconf.Config) string {
	var s strings.Builder
	for _, server := range c.Nameservers[:min(3, len(c.Nameservers))] {
		fmt.Fprintf(&s, " %s", server.Addr().WithZone(""))
	}
	s.WriteString(" |")
	for _, domain := range c.Search {
		s.WriteString(" " + domain)
	}
	if c.HasSearch && len(c.Search) == 0 {
		s.WriteString(" .")
	}
	o := c.Options
	number := map[bool]int{true: 1}
	fmt.Fprintf(&s, " | %d %d %d %d %d %d", o.NDots, o.Timeout/time.Second, o.Attempts, number[o.Rotate], number[o.UseVC], number[o.EDNS0])
	return s.String()
}
