package dnsmasq_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

// refused has the options of tier 3, with the letter and a value where they have.
const refused = `dhcp-range F v; dhcp-host G v; dhcp-hostsfile - v; dhcp-optsfile - v; dhcp-hostsdir - v; dhcp-optsdir - v; dhcp-option O v; dhcp-option-force - v
	dhcp-boot M v; dhcp-userclass j v; dhcp-circuitid - v; dhcp-remoteid - v; dhcp-subscrid - v; dhcp-pxe-vendor - v; dhcp-ignore J v; dhcp-vendorclass U v
	dhcp-authoritative K; dhcp-leasefile l =; dhcp-lease-max X v; dhcp-mac 4 v; dhcp-script 6 v; dhcp-luascript - v; dhcp-scriptuser - v; dhcp-broadcast - =
	dhcp-ignore-names - =; dhcp-no-override; dhcp-match - v; dhcp-name-match - v; dhcp-alternate-port - =; dhcp-fqdn; dhcp-generate-names - =; dhcp-proxy - =
	dhcp-relay - v; dhcp-sequential-ip; dhcp-ignore-clid; dhcp-client-update; dhcp-duid - v; dhcp-ttl - v; dhcp-reply-delay - v; dhcp-rapid-commit
	read-ethers Z; bootp-dynamic 3 =; no-ping 5; leasefile-ro 9; tag-if - v; bridge-interface - v; shared-network - v; log-dhcp; script-arp; script-on-renewal
	enable-tftp - =; tftp-root - v; tftp-unique-root - =; tftp-secure; tftp-no-fail; tftp-max - v; tftp-mtu - v; tftp-no-blocksize; tftp-lowercase
	tftp-port-range - v; tftp-single-port; pxe-prompt - v; pxe-service - v; enable-ra; ra-param - v; enable-dbus 1 o; enable-ubus - =
	dnssec; dnssec-debug; dnssec-check-unsigned - =; dnssec-no-timecheck; dnssec-timestamp - v; dnssec-limits - v; trust-anchor - v; proxy-dnssec
	auth-server - v; auth-zone - v; auth-ttl - v; auth-soa - v; auth-sec-servers - v; auth-peer - v; ipset - v; nftset - v; conntrack
	connmark-allowlist-enable - =; connmark-allowlist - v; umbrella - =; add-mac - =; add-subnet - =; add-cpe-id - v; dumpfile - v; dumpmask - v
	conf-script - v; synth-domain - v; dynamic-host - v; localise-queries y; selfmx e; localmx L; filterwin2k f; help w; version v`

// refusedForms calls f with each way to write each option of tier 3, and with what
// the error is to call it.
func refusedForms(t *testing.T, f func(called string, args ...string)) {
	t.Helper()
	for row := range strings.FieldsFuncSeq(refused, func(r rune) bool { return r == ';' || r == '\n' }) {
		word := append(strings.Fields(row), "-", "")
		name, short, arg := word[0], word[1], word[2]
		if len(word) == 4 {
			arg = "" // a letter, and no value
		}
		long := "--" + name
		switch arg {
		case "v":
			f(long, long+"=1")
			f(long, long, "1")
		case "=", "o":
			f(long, long+"=1")
			f(long, long)
		default:
			f(long, long)
		}
		switch {
		case short == "-" || short == "":
		case arg == "v" || arg == "=":
			f("-"+short, "-"+short+"1")
			f("-"+short, "-"+short, "1")
			f("-"+short, "-k"+short+"1")
		default:
			f("-"+short, "-"+short)
			f("-"+short, "-"+short+"k")
			f("-"+short, "-k"+short)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	seen := 0
	refusedForms(t, func(called string, args ...string) {
		seen++
		// One error, although more follows: the value has been skipped.
		_, err := dnsmasq.ParseArgs(append(args, "--no-hosts"))
		text := errorText(err)
		if !strings.HasPrefix(text, "not supported by baseinit: "+called+" (") || !strings.HasSuffix(text, "): remove it (argument 1)") || strings.Contains(text, "\n") {
			t.Errorf("%q: %v", args, err)
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q: the error is not ErrUnsupported", args)
		}
	})
	if seen < 200 {
		t.Errorf("only %d forms", seen)
	}
}

func TestRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--dhcp-range=1,2":          "--dhcp-range (no DHCP here)",
		"-F 1,2":                    "-F (no DHCP here)",
		"--enable-tftp":             "--enable-tftp (no TFTP here)",
		"--dnssec":                  "--dnssec (answers are not validated)",
		"--auth-zone=a":             "--auth-zone (not an authoritative server)",
		"--enable-dbus":             "--enable-dbus (no D-Bus here)",
		"--ipset=/a/b":              "--ipset (no firewall is changed)",
		"--conf-script=/bin/x":      "--conf-script (options come from files: use conf-file)",
		"--filterwin2k":             "--filterwin2k (use filter-rr=SOA,SRV)",
		"--domain=a,1.2.3.0/24":     "--domain=a,1.2.3.0/24 (the domain is for all hosts: give it without a range or interface)",
		"--server=1.2.3.4@eth0":     "--server=1.2.3.4@eth0 (queries have no chosen source: leave out the @ and what follows)",
		"--server=/a/1.2.3.4@1.1.1": "--server=/a/1.2.3.4@1.1.1 (queries have no chosen source: leave out the @ and what follows)",
	} {
		_, err := dnsmasq.Parse(args)
		if want := fmt.Sprintf("not supported by baseinit: %s: remove it (argument 1)", want); errorText(err) != want || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	_, err := dnsmasq.ParseFile(tree(t, "c", "no-hosts\n\n dhcp-range = 1,2\n"), "/c")
	if want := "not supported by baseinit: dhcp-range (no DHCP here): remove it (/c:3)"; errorText(err) != want {
		t.Errorf("file: %v, want %s", err, want)
	}
}
