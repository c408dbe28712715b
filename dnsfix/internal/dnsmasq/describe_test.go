package dnsmasq_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	root := tree(t, "etc/ads.conf", "address=/ads.example/ # not these\n\ndomain=lan\ncache-size=9\n")
	o, err := dnsmasq.Parser{Root: root}.ParseArgs([]string{
		"-kq", "-S", "1.1.1.1#54", "--cache-size=5", "--conf-file=/etc/ads.conf", "-s", "old", "-h", "--no-hosts", "--log-queries=extra",
		"-Ya,b # c", "-Yd,\"e\nf\"\n", "--resolv-file", "-Yg, \"# h", "--user=root",
	}[:12])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`server=1.1.1.1#54 # argument 2`,
		`no-hosts # argument 9`,
		`log-queries=extra # argument 10`,
		`txt-record=a,b "#" c # argument 11`,
		`txt-record=d,"e\nf""\n" # argument 12`,
		`address=/ads.example/ # /etc/ads.conf:1`,
		`domain=lan # /etc/ads.conf:3`,
		`cache-size=9 # /etc/ads.conf:4`,
	}
	if diff := cmp.Diff(want, o.Describe()); diff != "" {
		t.Errorf("Describe (-want +got):\n%s", diff)
	}
	if got := o.TXTs[1].Strings[0]; got != "e\nf\n" {
		t.Errorf("text = %q", got)
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	o := mustArgs(t, "-c4096", "-k", "--local=/a/")
	for name, want := range map[string]bool{"cache-size": true, "local": true, "server": false, "keep-in-foreground": false, "port": false} {
		if o.Given(name) != want {
			t.Errorf("Given(%q) = %v", name, !want)
		}
	}
}

// readable fails the test if a file of what o describes is not what o is.
func readable(t *testing.T, o *dnsmasq.Options) {
	t.Helper()
	text := strings.Join(o.Describe(), "\n")
	again, err := dnsmasq.ParseFile(tree(t, "described", text), "described")
	if err != nil {
		t.Fatalf("%v\nof\n%s", err, text)
	}
	if diff := cmp.Diff(o, again, same); diff != "" {
		t.Errorf("of\n%s\n(-first +again):\n%s", text, diff)
	}
	for i, line := range again.Describe() {
		before := o.Describe()[i]
		if cut := strings.LastIndex(line, " # "); line[:cut] != before[:strings.LastIndex(before, " # ")] {
			t.Errorf("%s, then %s", before, line)
		}
	}
}

func TestDescribeCanBeRead(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var all []string
	for _, tc := range accepted {
		args := forms(tc.name, tc.short, tc.value)[0]
		readable(t, mustArgs(t, args...))
		if !seen[tc.name] && tc.name != "min-port" {
			all = append(all, args...)
		}
		seen[tc.name] = true
	}
	readable(t, mustArgs(t, all...))
	for _, text := range []string{"#", " # ", `"#"`, `\`, `"\\"`, `"\"" #`, "a\r", "\n", `"` + "\\\n" + `"`, "\x00", "\v", `"a, b"  ,  c`, " \" \" "} {
		readable(t, mustArgs(t, "--txt-record=a,"+text, "--txt-record=b,"+text+",c"))
	}
}
