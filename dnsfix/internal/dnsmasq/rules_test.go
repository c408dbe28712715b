package dnsmasq_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

// told is what the rules say of a name, in short: "A v4 AAAA v6 then SERVERS".
func told(r *dnsmasq.Rules, name string) string {
	s, a := r.Lookup(name)
	var b strings.Builder
	if a != nil {
		for _, ip := range slices.Concat(a.V4, a.V6) {
			fmt.Fprintf(&b, "%s ", ip)
		}
	}
	switch {
	case s.Local:
		b.WriteString("local")
	case s.Default:
		b.WriteString("default")
	}
	for i, server := range s.Servers {
		fmt.Fprintf(&b, "%.*s%s", i, " ", server)
	}
	return b.String()
}

func TestRules(t *testing.T) {
	t.Parallel()
	const g = "--server=9.9.9.9 "
	for _, tc := range []struct {
		args string
		want map[string]string // by name
	}{
		{"", map[string]string{"": "default", "a": "default", "a.com": "default"}},
		{g + "-S/a.com/2.2.2.2", map[string]string{
			"a.com": "2.2.2.2:53", "www.a.com": "2.2.2.2:53", "x.www.a.com": "2.2.2.2:53", "xa.com": "default", "com": "default", "a.com.x": "default", "a": "default",
		}},
		{"-S/google.com/1.2.3.4 -S/www.google.com/2.3.4.5 -S/mail.google.com/#", map[string]string{
			"google.com": "1.2.3.4:53", "gmail.google.com": "1.2.3.4:53", "www.google.com": "2.3.4.5:53", "mail.google.com": "default", "x.mail.google.com": "default",
		}},
		{"-S/a.com/2.2.2.2 -S/a.com/b.com/3.3.3.3#54 -S/a.com/2.2.2.2", map[string]string{"a.com": "2.2.2.2:53 3.3.3.3:54", "b.com": "3.3.3.3:54"}},
		{g + "-S/a.com/2.2.2.2 -A/www.a.com/1.2.3.4", map[string]string{"www.a.com": "1.2.3.4 2.2.2.2:53", "a.com": "2.2.2.2:53", "x.www.a.com": "1.2.3.4 2.2.2.2:53"}},
		{g + "-A/a.com/1.2.3.4 -S/www.a.com/2.2.2.2", map[string]string{"www.a.com": "2.2.2.2:53", "a.com": "1.2.3.4 default"}},
		{"-A/a.com/::9 -A/www.a.com/1.2.3.4", map[string]string{"www.a.com": "1.2.3.4 ::9 default", "a.com": "::9 default"}},
		{"-A/a.com/::9 --local=/b.a.com/ -A/www.b.a.com/1.2.3.4", map[string]string{"www.b.a.com": "1.2.3.4 local", "b.a.com": "local"}},
		{"-A/a.com/1.2.3.4 --local=/a.com/", map[string]string{"www.a.com": "1.2.3.4 local"}},
		{"-A/a.com/# -A/a.com/1.2.3.4", map[string]string{"www.a.com": "1.2.3.4 :: default"}},
		{"-A/a.com/#", map[string]string{"www.a.com": "0.0.0.0 :: default"}},
		{"-A/a.com/1.2.3.4 -A/a.com/1.2.3.5 -A/a.com/1.2.3.4", map[string]string{"a.com": "1.2.3.4 1.2.3.5 default"}},
		{"-A/a.com/ -S/a.com/2.2.2.2", map[string]string{"a.com": "2.2.2.2:53"}},
		{"-A/a.com/", map[string]string{"a.com": "local", "x.a.com": "local", "b.com": "default"}},
		{"--local=/a.com/ -S/a.com/#", map[string]string{"a.com": "default"}},
		{"-S/a.com/2.2.2.2 -S/a.com/#", map[string]string{"a.com": "default"}},
		{"-A/a.com/1.2.3.4 -S/www.a.com/#", map[string]string{"www.a.com": "default", "a.com": "1.2.3.4 default"}},
		{"-A/#/1.2.3.4", map[string]string{"x.y": "1.2.3.4 default", "x": "1.2.3.4 default", "": "1.2.3.4 default"}},
		{"-A1.2.3.4 -A#", map[string]string{"x.y": "1.2.3.4 :: default"}},
		{"-A/#/1.2.3.4 -S/a.com/2.2.2.2 -A/b.com/::1", map[string]string{"a.com": "2.2.2.2:53", "b.com": "1.2.3.4 ::1 default"}},
		// A --local for everything gives way to any server.
		{"--local=/#/", map[string]string{"x.y": "default"}},
		{"--local=/#/ -R", map[string]string{"x.y": "local", "x": "local", "": "local"}},
		{g + "-A/#/ -R", map[string]string{"x.y": "default"}},
		{"-R", map[string]string{"x.y": "default"}},
		{"-S/#/1.1.1.1", map[string]string{"x.y": "default"}},
		// Names without a dot.
		{"-S//2.2.2.2", map[string]string{"x": "2.2.2.2:53", "x.y": "default", "": "2.2.2.2:53"}},
		{"-S//2.2.2.2 -S/x/3.3.3.3", map[string]string{"x": "3.3.3.3:53", "z": "2.2.2.2:53", "a.x": "3.3.3.3:53"}},
		{"-S//2.2.2.2 -S/x/#", map[string]string{"x": "2.2.2.2:53", "a.x": "default"}},
		{"--local=// -S/*x/# -A/ax/::1", map[string]string{"x": "local", "ax": "::1 local", "a.x": "default"}},
		{"-A//1.2.3.4 -A/#/5.6.7.8", map[string]string{"x": "1.2.3.4 default", "x.y": "5.6.7.8 default"}},
		{"-A/x/1.2.3.4 --local=//", map[string]string{"x": "1.2.3.4 local", "a.x": "1.2.3.4 default", "y": "local", "a.y": "default"}},
		{"-A/*x/1.2.3.4 --local=//", map[string]string{"xx": "1.2.3.4 local", "a.x": "1.2.3.4 default"}},
		// Endings.
		{"-S/*google.com/2.2.2.2", map[string]string{"google.com": "2.2.2.2:53", "www.google.com": "2.2.2.2:53", "xgoogle.com": "2.2.2.2:53", "oogle.com": "default"}},
		{"-S/*.google.com/2.2.2.2", map[string]string{"google.com": "default", "www.google.com": "2.2.2.2:53", "xgoogle.com": "default"}},
		{"-S/*google.com/2.2.2.2 -S/google.com/3.3.3.3", map[string]string{"google.com": "3.3.3.3:53", "www.google.com": "3.3.3.3:53", "xgoogle.com": "2.2.2.2:53"}},
		{"-S/*w.google.com/2.2.2.2 -S/google.com/3.3.3.3", map[string]string{"google.com": "3.3.3.3:53", "www.google.com": "2.2.2.2:53"}},
		{"-A/*a.com/1.2.3.4 -S/a.com/2.2.2.2", map[string]string{"a.com": "2.2.2.2:53", "xa.com": "1.2.3.4 default"}},
		{"-A/*a.com/1.2.3.4 -A/a.com/::5", map[string]string{"a.com": "::5 default", "xa.com": "1.2.3.4 default"}},
		{"-A/*wa.com/1.2.3.4 -S/*a.com/2.2.2.2 -S/com/3.3.3.3", map[string]string{"wa.com": "1.2.3.4 2.2.2.2:53", "a.com": "2.2.2.2:53", "b.com": "3.3.3.3:53"}},
		{"--rev-server=10.0.0.0/8,2.2.2.2", map[string]string{"4.3.2.10.in-addr.arpa": "2.2.2.2:53", "4.3.2.11.in-addr.arpa": "default"}},
	} {
		o, err := dnsmasq.Parse(tc.args)
		if err != nil {
			t.Fatal(err)
		}
		r := o.Compile()
		for name, want := range tc.want {
			if got := told(r, name); got != want {
				t.Errorf("%s: %q is %s, want %s", tc.args, name, got, want)
			}
			s, a := r.Lookup(name)
			if r.ServersFor(name) != s || r.AddressFor(name) != a {
				t.Errorf("%s: %q: Lookup is not ServersFor and AddressFor", tc.args, name)
			}
		}
	}
}

func TestUpstreams(t *testing.T) {
	t.Parallel()
	r := mustArgs(t, "-S1.1.1.1", "-S/a/2.2.2.2", "-S/#/3.3.3.3", "-S#", "-S//4.4.4.4", "-S1.1.1.1#54", "-S1.1.1.1").Compile()
	want := []netip.AddrPort{addrPort("1.1.1.1:53"), addrPort("3.3.3.3:53"), addrPort("1.1.1.1:54")}
	if diff := cmp.Diff(want, r.Upstreams(), same); diff != "" {
		t.Errorf("Upstreams (-want +got):\n%s", diff)
	}
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	longest := strings.TrimSuffix(strings.Repeat("abcdefghi.", 26), ".")[:253]
	r := mustArgs(t, "-S/"+longest+"/1.1.1.1", "-S/*."+longest[3:]+"/2.2.2.2").Compile()
	for name, want := range map[string]string{
		longest: "1.1.1.1:53", "x." + longest: "1.1.1.1:53", "x" + longest: "default",
		strings.Repeat("x", 300): "default", strings.Repeat("x.", 3000) + longest: "1.1.1.1:53",
		strings.Repeat(".", 300): "default", ".": "default", "..": "default",
	} {
		if got := told(r, name); got != want {
			t.Errorf("a name of %d bytes is %s, want %s", len(name), got, want)
		}
	}
}

// plain answers as the documentation says, rule by rule.
func plain(o *dnsmasq.Options, name string) string {
	at := func(s string, k dnsmasq.Kind) dnsmasq.Domain { return dnsmasq.Domain{Name: s, Kind: k} }
	var order [][]dnsmasq.Domain // most letters first; of those as long only the first that has a rule counts
	for i := range len(name) {
		d := []dnsmasq.Domain{at(name[i:], dnsmasq.Ending)}
		if i == 0 || name[i-1] == '.' {
			d = slices.Insert(d, 0, at(name[i:], dnsmasq.Subtree))
		}
		order = append(order, d)
	}
	if !strings.Contains(name, ".") {
		order = append(order, []dnsmasq.Domain{at("", dnsmasq.Unqualified)})
	}
	var v4, v6, servers string
	for _, same := range order {
		for _, d := range same {
			e := entriesOf(o, d)
			if !e.any {
				continue
			}
			stop := e.servers != ""
			if v4 == "" && servers == "" {
				v4 = e.v4
			}
			if v6 == "" && servers == "" {
				v6 = e.v6
			}
			if stop && servers == "" {
				servers = e.servers
			}
			break
		}
	}
	if !strings.Contains(name, ".") && servers == "default" { // the standard servers of such a name
		servers = entriesOf(o, at("", dnsmasq.Unqualified)).servers
	}
	if servers == "" {
		servers = "default"
	}
	return v4 + v6 + servers
}

type entries struct {
	any             bool
	v4, v6, servers string
}

func entriesOf(o *dnsmasq.Options, d dnsmasq.Domain) (e entries) {
	local, standard, zero := false, false, false
	for _, s := range o.Servers {
		if slices.Contains(s.Domains, d) {
			e.any, local, standard = true, local || s.Local, standard || s.Default
			if text := s.Server.String(); s.Server.IsValid() && !slices.Contains(strings.Fields(e.servers), text) {
				e.servers = strings.TrimSpace(e.servers + " " + text)
			}
		}
	}
	for _, a := range o.Addresses {
		if slices.Contains(a.Domains, d) {
			e.any, local, zero = true, local || a.NXDomain, zero || a.Zero
			to := &e.v6
			if a.Addr.Is4() {
				to = &e.v4
			}
			if a.Addr.IsValid() && !slices.Contains(strings.Fields(*to), a.Addr.String()) {
				*to += a.Addr.String() + " "
			}
		}
	}
	if zero && e.v4 == "" {
		e.v4 = "0.0.0.0 "
	}
	if zero && e.v6 == "" {
		e.v6 = ":: "
	}
	switch {
	case standard:
		e.servers = "default"
	case e.servers == "" && local:
		e.servers = "local"
	}
	return e
}

// someRules makes rules of few short names, so that many meet. Names are as in
// somewhere. The servers are on the ports given.
func someRules(rnd *rand.Rand, n int, servers ...string) (args []string) {
	for range n {
		domain := somewhere(rnd)
		switch rnd.IntN(8) {
		case 0:
			domain = "*" + domain
		case 1:
			domain = "*." + domain
		case 2:
			if rnd.IntN(3) == 0 {
				domain = ""
			}
		}
		args = append(args, []string{
			"--server=/" + domain + "/" + servers[rnd.IntN(len(servers))], "--server=/" + domain + "/" + servers[rnd.IntN(len(servers))],
			"--local=/" + domain + "/", "--server=/" + domain + "/#", "--address=/" + domain + "/#", "--address=/" + domain + "/",
			"--address=/" + domain + "/1.2.3.4", "--address=/" + domain + "/1.2.3.5", "--address=/" + domain + "/::1", "--address=/" + domain + "/::2",
		}[rnd.IntN(10)])
	}
	return args
}

func somewhere(rnd *rand.Rand) string {
	labels := make([]string, 1+rnd.IntN(3))
	for i := range labels {
		labels[i] = []string{"a", "b", "aa", "ba", "aba"}[rnd.IntN(5)]
	}
	return strings.Join(labels, ".")
}

func TestRulesAsDocumented(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(4, 2))
	for range 300 {
		args := someRules(rnd, 1+rnd.IntN(12), "2.2.2.2", "3.3.3.3")
		o := mustArgs(t, args...)
		r := o.Compile()
		for range 60 {
			name := somewhere(rnd)
			if got, want := told(r, name), plain(o, name); got != want {
				t.Fatalf("%q: %s is %s, want %s", args, name, got, want)
			}
		}
	}
}

// tenThousand are rules as of a list of advertisers.
func tenThousand(tb testing.TB, more ...string) *dnsmasq.Rules {
	for i := range 5000 {
		more = append(more, fmt.Sprintf("--address=/ads%d.example%d.com/", i, i%100), fmt.Sprintf("--server=/zone%d.internal/10.0.0.%d", i, i%250))
	}
	return mustArgs(tb, more...).Compile()
}

var lookups = []struct{ name, of string }{
	{"hit", "ads4711.example11.com"},
	{"below", "www.cdn.zone99.internal"},
	{"miss", "www.wikipedia.org"},
	{"deep miss", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example11.com"},
}

func TestLookupAllocatesNothing(t *testing.T) {
	for _, r := range []*dnsmasq.Rules{tenThousand(t), tenThousand(t, "-S/*wiki/1.1.1.1", "-A/*.com/1.2.3.4")} {
		for _, tc := range lookups {
			if n := testing.AllocsPerRun(100, func() { r.ServersFor(tc.of); r.AddressFor(tc.of) }); n > 0 {
				t.Errorf("%s: %v allocations", tc.name, n)
			}
		}
	}
	r := tenThousand(t)
	if got := told(r, lookups[0].of) + ", " + told(r, lookups[1].of) + ", " + told(r, lookups[2].of); got != "local, 10.0.0.99:53, default" {
		t.Errorf("the lookups find %s", got)
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, rules := range []struct {
		name string
		r    *dnsmasq.Rules
	}{{"subtrees", tenThousand(b)}, {"endings", tenThousand(b, "-S/*wiki/1.1.1.1", "-A/*.com/1.2.3.4")}} {
		for _, tc := range lookups {
			b.Run(rules.name+"/"+tc.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					rules.r.Lookup(tc.of)
				}
			})
		}
	}
}

func BenchmarkParseAndCompile(b *testing.B) {
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "address=/ads%d.example%d.com/0.0.0.0 # why not\n", i, i%100)
	}
	root := tree(b, "ads", text.String())
	b.ReportAllocs()
	for b.Loop() {
		o, err := dnsmasq.ParseFile(root, "ads")
		if err != nil {
			b.Fatal(err)
		}
		o.Compile()
	}
}
