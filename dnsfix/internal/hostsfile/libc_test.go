//go:build linux

package hostsfile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
)

// found is one line for each name that is looked up: the addresses in order.
type found map[string]string

// tricky is one hosts file, so that a process starts once for each library. Its
// rows have names of their own.
var tricky = []struct {
	line              string
	name              string
	want, glibc, musl string // addresses that Table, glibc and musl find
}{
	{"10.0.0.1 plain\n", "plain", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
	{"10.0.0.2\t \ttabs\t\talias\n", "alias", "10.0.0.2", "10.0.0.2", "10.0.0.2"},
	{"10.0.0.3 Case\n", "case", "10.0.0.3", "10.0.0.3", ""},
	{"10.0.0.4 hash#no\n", "hash", "10.0.0.4", "10.0.0.4", "10.0.0.4"},
	{"10.0.0.5 yes # comment\n", "comment", "", "", ""},
	{"10.0.0.6 crlf\r\n", "crlf", "10.0.0.6", "10.0.0.6", "10.0.0.6"},
	{" 10.0.0.7 blank\n", "blank", "10.0.0.7", "10.0.0.7", ""},
	{"10.0.0.8 under_score\n", "under_score", "10.0.0.8", "10.0.0.8", "10.0.0.8"},
	{"10.0.0.9 two\n10.0.0.10 two\nfd00::9 two\n", "two", "10.0.0.10 10.0.0.9 fd00::9", "10.0.0.10 10.0.0.9 fd00::9", "10.0.0.10 10.0.0.9 fd00::9"},
	{"10.0.0.11 dotted.\n", "dotted", "10.0.0.11", "", ""},
	{"10.0.0.12" + strings.Repeat(" x", 300) + " far\n", "far", "10.0.0.12", "10.0.0.12", ""},
	{"10.13 short-v4\n", "short-v4", "", "", "10.0.0.13"},
	{"010.0.0.14 octal\n", "octal", "", "", "8.0.0.14"},
	{"10.0.0.15:80 port\n", "port", "", "", ""},
	{"fe80::16%lo zone\n", "zone", "fe80::16", "", "fe80::16"},
	{"garbage garbage2\n", "garbage2", "", "", ""},
	{"10.0.0.17 one.two three\n", "two", "10.0.0.10 10.0.0.9 fd00::9", "10.0.0.10 10.0.0.9 fd00::9", "10.0.0.10 10.0.0.9 fd00::9"},
	{"10.0.0.18 nul\x00nul2\n10.0.0.19 after-nul\n", "nul2", "", "", ""},
	{"10.0.0.20 again again\n10.0.0.20 again\n", "again", "10.0.0.20", "10.0.0.20", "10.0.0.20"},
	{"#10.0.0.21 off\n", "off", "", "", ""},
	{"10.0.0.22 last", "last", "10.0.0.22", "10.0.0.22", ""},
}

func TestTableAndTheLibraries(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	want, glibc, musl := found{}, found{}, found{}
	for _, row := range tricky {
		text.WriteString(row.line)
		want[row.name], glibc[row.name], musl[row.name] = row.want, row.glibc, row.musl
	}

	t.Run("table", func(t *testing.T) {
		t.Parallel()
		table, got := hostsfile.NewTable("", parse(text.String())), found{}
		for name := range want {
			var addresses []string
			if host := table.Lookup(name); host != nil {
				for _, addr := range slices.Concat(host.V4, host.V6) {
					addresses = append(addresses, addr.String())
				}
			}
			got[name] = sorted(addresses)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Lookup (-want +got):\n%s", diff)
		}
	})
	for _, library := range []struct {
		name, compiler string
		want           found
	}{{"glibc", "gcc", glibc}, {"musl", "musl-gcc", musl}} {
		t.Run(library.name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, library.compiler, text.String(), library.want)
			if diff := cmp.Diff(library.want, got); diff != "" {
				t.Errorf("getaddrinfo (-want +got):\n%s", diff)
			}
		})
	}
}

func sorted(addresses []string) string {
	slices.Sort(addresses)
	return strings.Join(slices.Compact(addresses), " ")
}

// lookup prints for each of its arguments a line: the name and its addresses.
const lookup = `
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
int main(int argc, char **argv) {
	for (int i = 1; i < argc; i++) {
		struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *r = 0;
		char host[64];
		printf("%s", argv[i]);
		if (getaddrinfo(argv[i], 0, &hints, &r) == 0)
			for (; r; r = r->ai_next) {
				void *a = r->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)r->ai_addr)->sin_addr
					: (void *)&((struct sockaddr_in6 *)r->ai_addr)->sin6_addr;
				printf(" %s", inet_ntop(r->ai_family, a, host, sizeof host));
			}
		printf("\n");
	}
}`

// ask runs a program of the library where the hosts file is the only source.
func ask(t *testing.T, compiler, hosts string, names found) found {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to mount over /etc/hosts")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "lookup")
	cc := exec.Command(compiler, "-x", "c", "-o", program, "-")
	cc.Stdin = strings.NewReader(lookup)
	if out, err := cc.CombinedOutput(); err != nil {
		t.Skipf("needs %s: %v\n%s", compiler, err, out)
	}
	script := "mount --make-rprivate / && ip link set lo up"
	for path, text := range map[string]string{
		"hosts":         hosts,
		"nsswitch.conf": "hosts: files\n",
		"resolv.conf":   "nameserver 127.0.0.1\noptions timeout:0\n", // musl asks none, and fails at once
	} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		script += fmt.Sprintf(" && mount --bind %s /etc/%s", filepath.Join(dir, path), path)
	}
	args := []string{"-mn", "sh", "-c", script + ` && exec "$0" "$@"`, program}
	for name := range names {
		args = append(args, name)
	}
	out, err := exec.Command("unshare", args...).CombinedOutput()
	if err != nil {
		t.Skipf("cannot mount over /etc/hosts here: %v\n%s", err, out)
	}
	got := found{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		got[fields[0]] = sorted(fields[1:])
	}
	return got
}
