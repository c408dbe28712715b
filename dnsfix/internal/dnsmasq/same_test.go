package dnsmasq_test

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

// differ has the arguments of the tables that we accept and dnsmasq 2.90 does not,
// or the other way round, and why.
var differ = map[string]string{
	"--do-0x20-encode": "dnsmasq 2.91 has it",
	"--no-0x20-encode": "dnsmasq 2.91 has it",

	"--fast-dns-retry=": "an empty value is none",

	"--cache-size 1000":               "dnsmasq's --cache-size wants the =, unlike its other options with a value",
	"--cache-size 0":                  "dnsmasq's --cache-size wants the =, unlike its other options with a value",
	"--local-service=":                "an empty value is none",
	"-N5":                             "accepted by dnsmasq: two options of which the second is of tier 3",
	"--user=a --user=a":               "it does nothing here, nor twice",
	"--pid-file --pid-file":           "it does nothing here, nor twice",
	"--log-async --log-async":         "it does nothing here, nor twice",
	"--local-service --local-service": "it does nothing here, nor twice",
	"--server=/" + strings.Repeat("abcdefg.", 32) + "/1.2.3.4": "no such name can be",
	"--cache-size=":                       "an empty value says nothing",
	"--addn-hosts= ":                      "an empty value says nothing",
	"--interface=lo,":                     "an empty name says nothing",
	"--filter-rr=TXT,":                    "an empty type says nothing",
	"--server=/":                          "a list of domains that is not closed",
	"--log-queries=foo":                   "a value that means nothing",
	"--max-ttl=99999999999":               "dnsmasq lets the number overflow",
	"-c 99999999999999999999":             "dnsmasq lets the number overflow",
	"--dns-forward-max=0":                 "dnsmasq would refuse all queries",
	"--min-port=3000 --max-port=2000":     "no port is between",
	"--server=/a..b/1.2.3.4":              "no such name can be",
	"--server=/a b/1.2.3.4":               "no such name can be",
	"--address=/a b/1.2.3.4":              "no such name can be",
	"--server=/g*gle.com/1.2.3.4":         "no such name can be",
	"--server=/./1.2.3.4":                 "no such name can be",
	"--server=/*./1.2.3.4":                "no such name can be",
	"--rebind-domain-ok=foo,bar":          "no such name can be",
	"--rebind-domain-ok=/a/b c/":          "no such name can be",
	"--domain=a..b":                       "no such name can be",
	"--mx-target=a b":                     "no such name can be",
	"--srv-host=_a._tcp.x,a b":            "no such name can be",
	"--cname=a,":                          "an empty name says nothing",
	"--mx-host=,b":                        "an empty name says nothing",
	"--srv-host=,t":                       "an empty name says nothing",
	"--txt-record=,t":                     "an empty name says nothing",
	"--host-record=,1.2.3.4":              "an empty name says nothing",
	"--host-record=a,60":                  "a record without an address: a TTL alone",
	"--host-record=a,1.2.3.4,1.2.3.5":     "dnsmasq keeps the last address only",
	"--host-record=a,1.2.3.4,5,6":         "dnsmasq keeps the last TTL only",
	"--host-record=a,1.2.3.4,99999999999": "dnsmasq lets the number overflow",
	"--host-record=a,fe80::1%lo":          "dnsmasq takes the address for a name",
	"--cname=a,b,99999999999":             "dnsmasq lets the number overflow",
	"--ptr-record=a":                      "a record that points nowhere",
	"--ptr-record=a,b,c":                  "dnsmasq takes b,c for a name",
	"--caa-record=a,300,issue,x":          "dnsmasq cuts the flags to a byte",
	"--caa-record=a,0,,x":                 "an empty tag says nothing",
	"--dns-rr=a,70000,01":                 "dnsmasq cuts the type to two bytes",
	"--filter-rr=70000":                   "dnsmasq cuts the type to two bytes",
	"--interface-name=a,/4":               "an empty name says nothing",
	"--txt-record=a,\"b":                  "on the command line dnsmasq has no quotes",
}

// dnsmasqTests asks dnsmasq --test about each list of arguments.
func dnsmasqTests(t *testing.T, binary string, all [][]string, report func(args []string, ok bool, said string)) {
	t.Helper()
	var wg sync.WaitGroup
	work := make(chan []string)
	for range 2 {
		wg.Go(func() {
			for args := range work {
				out, err := exec.Command(binary, append([]string{"--test", "--conf-file=/dev/null"}, args...)...).CombinedOutput()
				report(args, err == nil, strings.TrimSpace(string(out)))
			}
		})
	}
	for _, args := range all {
		work <- args
	}
	close(work)
	wg.Wait()
}

func needDnsmasq(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("dnsmasq")
	if err != nil {
		t.Skip("no dnsmasq to compare with: apt-get install dnsmasq-base")
	}
	version, err := exec.Command(binary, "--version").Output()
	if err != nil || !strings.HasPrefix(string(version), "Dnsmasq version 2.90 ") {
		t.Skipf("what is compared with is dnsmasq 2.90, of Debian 12; here is %.30q, %v", version, err)
	}
	return binary
}

// TestSameAsDnsmasq compares what is accepted with what dnsmasq --test accepts.
func TestSameAsDnsmasq(t *testing.T) {
	t.Parallel()
	binary := needDnsmasq(t)
	var all [][]string
	for _, tc := range accepted {
		if tc.name != "domain" || tc.value != "#" { // it depends on resolv.conf
			all = append(all, forms(tc.name, tc.short, tc.value)...)
		}
	}
	for _, tc := range wrong {
		if !strings.Contains(tc.args, "größe") { // it depends on the locale
			all = append(all, strings.Split(tc.args, "\n"))
		}
	}
	for _, args := range []string{
		"--strict", "--no", "--fil", "--bind-i", "--loc=/x/", "--user=", "-kq8-", "-qk", "-kS8.8.8.8", "-kS 8.8.8.8", "-N5", "-u root", "--user root", "--pid-file /x",
		"-- -k", "--", "-h -h", "-r/x -r/y", "-sa -sb", "--port=1 --port=2", "--log-facility=- -8-", "--mx-target=a --mx-target=b", "-P600 -P700", "--neg-ttl=1 --neg-ttl=1",
		"--use-stale-cache --use-stale-cache", "--user=a --user=a", "--pid-file --pid-file", "--log-async --log-async", "--local-service --local-service",
	} {
		all = append(all, strings.Fields(args))
	}
	if len(all) < 400 {
		t.Fatalf("only %d samples", len(all))
	}
	used := map[string]bool{}
	var mu sync.Mutex
	dnsmasqTests(t, binary, all, func(args []string, ok bool, said string) {
		mu.Lock()
		defer mu.Unlock()
		text := strings.Join(args, " ")
		_, err := dnsmasq.ParseArgs(args)
		_, listed := differ[text]
		used[text] = used[text] || listed && ok != (err == nil)
		if ok != (err == nil) && !listed {
			t.Errorf("%s: dnsmasq says %q, we say %v", text, said, err)
		}
	})
	for text, why := range differ {
		if !used[text] {
			t.Errorf("%s is no difference (%s)", text, why)
		}
	}
}

// TestRefusedAreOptionsOfDnsmasq: what is called an option of dnsmasq is one, and
// dnsmasq has none that is unknown here.
func TestRefusedAreOptionsOfDnsmasq(t *testing.T) {
	t.Parallel()
	help, err := exec.Command(needDnsmasq(t), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]bool{}
	for line := range strings.Lines(string(help)) {
		before, name, ok := strings.Cut(line, "--")
		if !ok || strings.Trim(before, " ,-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(before) > 4 {
			continue
		}
		name = name[:strings.IndexAny(name, "[= ")]
		theirs["--"+name] = true
		if _, err := dnsmasq.ParseArgs([]string{"--" + name}); err != nil && strings.Contains(err.Error(), "no such option") {
			t.Errorf("%v", err)
		}
		if short := strings.Trim(before, " ,-"); short != "" {
			if _, err := dnsmasq.ParseArgs([]string{"-" + short}); err != nil && strings.Contains(err.Error(), "there is no option") {
				t.Errorf("--%s: %v", name, err)
			}
		}
	}
	if len(theirs) < 150 {
		t.Fatalf("only %d options in dnsmasq --help", len(theirs))
	}
	refusedForms(t, func(called string, _ ...string) {
		if strings.HasPrefix(called, "--") && !theirs[called] {
			t.Errorf("dnsmasq has no %s", called)
		}
	})
}

// TestFilesSameAsDnsmasq does the same with the tables of files.
func TestFilesSameAsDnsmasq(t *testing.T) {
	t.Parallel()
	binary := needDnsmasq(t)
	differs := map[string]string{
		"conf-file=/etc":            "a directory that dnsmasq reads as an empty file",
		"conf-dir=,*.conf":          "a name that is empty",
		"servers-file=/etc/servers": "dnsmasq reads it later",
	}
	says := func(content string) (ok bool, said string) {
		out, err := exec.Command(binary, "--test", "--conf-file="+tree(t, "c", content)+"/c").CombinedOutput()
		return err == nil, string(out)
	}
	for _, tc := range goodFiles {
		if ok, said := says(tc.content); !ok {
			t.Errorf("%s: dnsmasq says %s", tc.name, said)
		}
	}
	for line := range badLines {
		ok, said := says("no-hosts\n" + line + "\nno-poll\n")
		if why := differs[line]; ok != (why != "") {
			t.Errorf("%q: dnsmasq says %s (%s)", line, said, why)
		}
	}
}

// TestTypesSameAsDnsmasq: the names of record types are those that dnsmasq knows.
func TestTypesSameAsDnsmasq(t *testing.T) {
	t.Parallel()
	binary := needDnsmasq(t)
	names := strings.Fields(`A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC
		SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA HIP NINFO RKEY TALINK CDS CDNSKEY
		OPENPGPKEY CSYNC ZONEMD SVCB HTTPS SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64 TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY TA DLV`)
	list := "--cache-rr=" + strings.ToLower(strings.Join(names, ","))
	if out, err := exec.Command(binary, "--test", "--conf-file=/dev/null", list).CombinedOutput(); err != nil {
		t.Errorf("dnsmasq says %s", out)
	}
	o := mustArgs(t, list)
	for name, number := range map[string]uint16{"A": 1, "PTR": 12, "AAAA": 28, "OPT": 41, "SMIMEA": 53, "HIP": 55, "HTTPS": 65, "SPF": 99, "EUI64": 109, "TKEY": 249, "ANY": 255, "CAA": 257, "AMTRELAY": 260, "TA": 32768, "DLV": 32769} {
		if got := o.CacheRR[slices.Index(names, name)]; got != number {
			t.Errorf("%s is %d, want %d", name, got, number)
		}
	}
	if !slices.IsSorted(o.CacheRR) {
		t.Errorf("the numbers do not go up: %v", o.CacheRR)
	}
}
