package dnsmasq_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

// same compares Options by what they mean: not by where each option stood.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(dnsmasq.Options{}),
	cmpopts.IgnoreFields(dnsmasq.Options{}, "Files"),
	cmpopts.IgnoreTypes(dnsmasq.Origin{}),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func mustArgs(t testing.TB, args ...string) *dnsmasq.Options {
	t.Helper()
	o, err := dnsmasq.ParseArgs(args)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// tree makes files, name and content in turn, and returns the root they are below.
func tree(t testing.TB, files ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(root, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func lines(s ...string) string { return strings.Join(s, "\n") }

func addr(s string) netip.Addr         { return netip.MustParseAddr(s) }
func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func below(names ...string) (domains []dnsmasq.Domain) {
	for _, n := range names {
		domains = append(domains, dnsmasq.Domain{Name: n, Kind: dnsmasq.Subtree})
	}
	return domains
}
