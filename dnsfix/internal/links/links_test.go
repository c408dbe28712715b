package links_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix/internal/links"
)

var compareAddrs = cmpopts.EquateComparable(netip.Addr{})

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestFromEnviron(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		environ string
		want    []links.Link
		notes   []string
	}{
		{name: "nothing", environ: "PATH=/bin HOME=/root DB_PORT=tcp://172.17.0.2:5432"},
		{
			name: "docker run --link", // as Docker 20.10 sets them
			environ: "DB_PORT=tcp://172.17.0.2:5432 DB_PORT_5432_TCP=tcp://172.17.0.2:5432 DB_PORT_5432_TCP_ADDR=172.17.0.2 DB_PORT_5432_TCP_PORT=5432 " +
				"DB_PORT_5432_TCP_PROTO=tcp DB_PORT_514_UDP_ADDR=172.17.0.2 DB_PORT_80_TCP_ADDR=172.17.0.2 DB_NAME=/web/db",
			want: []links.Link{{Name: "db", Addr: addr("172.17.0.2"), Ports: []links.Port{{Number: 80}, {Number: 5432}, {Number: 514, UDP: true}}, From: "DB_PORT_514_UDP_ADDR"}},
		},
		{
			name: "the exact alias", environ: "MY_DB_1_PORT_1_TCP_ADDR=10.0.0.1 MY_DB_1_NAME=/web/My-db_1",
			want: []links.Link{{Name: "My-db_1", Addr: addr("10.0.0.1"), Ports: []links.Port{{Number: 1}}, From: "MY_DB_1_PORT_1_TCP_ADDR"}},
		},
		{
			name: "no alias", environ: "MY_DB_PORT_1_TCP_ADDR=fd00::1",
			want: []links.Link{
				{Name: "my-db", Addr: addr("fd00::1"), Ports: []links.Port{{Number: 1}}, From: "MY_DB_PORT_1_TCP_ADDR"},
				{Name: "my_db", Addr: addr("fd00::1"), Ports: []links.Port{{Number: 1}}, From: "MY_DB_PORT_1_TCP_ADDR"},
			},
		},
		{
			name: "a service of Kubernetes", environ: "WEB_SERVICE_HOST=10.96.0.7 WEB_SERVICE_PORT=80 WEB_PORT=tcp://10.96.0.7:80 WEB_PORT_80_TCP_ADDR=10.96.0.7",
			want: []links.Link{{Name: "web", Addr: addr("10.96.0.7"), Ports: []links.Port{{Number: 80}}, From: "WEB_PORT_80_TCP_ADDR", Service: true}},
		},
		{
			name: "a name with PORT in it", environ: "AIR_PORT_PORT_80_TCP_ADDR=10.0.0.1 AIR_PORT_NAME=/x/air-port",
			want: []links.Link{{Name: "air-port", Addr: addr("10.0.0.1"), Ports: []links.Port{{Number: 80}}, From: "AIR_PORT_PORT_80_TCP_ADDR"}},
		},
		{
			name: "bad values", environ: "A_PORT_1_TCP_ADDR=host B_PORT_0_TCP_ADDR=10.0.0.1 C_PORT_x_TCP_ADDR=10.0.0.1 _PORT_1_TCP_ADDR=10.0.0.1 D_PORT_1_TCP_ADDR=0.0.0.0",
			notes: []string{`A_PORT_1_TCP_ADDR: "host" is not the address of a host`, `D_PORT_1_TCP_ADDR: "0.0.0.0" is not the address of a host`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, notes := links.FromEnviron(strings.Fields(tc.environ))
			if diff := cmp.Diff(tc.want, got, compareAddrs); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
			var texts []string
			for _, n := range notes {
				texts = append(texts, n.String())
			}
			if diff := cmp.Diff(tc.notes, texts); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// A value becomes a line of /etc/hosts, and never two.
func TestInjection(t *testing.T) {
	t.Parallel()
	environ := []string{
		"A_PORT_1_TCP_ADDR=10.0.0.1", "A_NAME=/x/a\n6.6.6.6 bank", "B\n6.6.6.6 bank_PORT_1_TCP_ADDR=10.0.0.1",
		"C_PORT_1_TCP_ADDR=10.0.0.1\n6.6.6.6 bank", "D_PORT_1_TCP_ADDR=10.0.0.1", "D_NAME=/x/d e",
	}
	got, _ := links.FromEnviron(environ)
	for _, l := range got {
		if strings.ContainsAny(l.Name, " \n\t#") {
			t.Errorf("a name is %q", l.Name)
		}
	}
	if len(got) != 2 || got[0].Name != "a" || got[1].Name != "d" {
		t.Errorf("links %v, want a and d", got)
	}
}

func TestFromTutumEnviron(t *testing.T) {
	t.Parallel()
	got, notes := links.FromTutumEnviron(strings.Fields("DB_1_ENV_TUTUM_IP_ADDRESS=10.7.0.3/16 DB_1_NAME=/web/db-1 DB_1_PORT_5432_TCP_ADDR=10.7.0.3 " +
		"CACHE_ENV_TUTUM_IP_ADDRESS=10.7.0.4/16 BAD_ENV_TUTUM_IP_ADDRESS=10.7/16 _ENV_TUTUM_IP_ADDRESS=10.0.0.1"))
	want := []links.Link{
		{Name: "cache", Addr: addr("10.7.0.4"), From: "CACHE_ENV_TUTUM_IP_ADDRESS"},
		{Name: "db-1", Addr: addr("10.7.0.3"), Ports: []links.Port{{Number: 5432}}, From: "DB_1_ENV_TUTUM_IP_ADDRESS"},
	}
	if diff := cmp.Diff(want, got, compareAddrs); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	if len(notes) != 1 {
		t.Errorf("notes %v", notes)
	}
}

func TestAdditionalHosts(t *testing.T) {
	t.Parallel()
	known := map[string]string{"db.b.test": "10.0.0.1", "db.c.test": "10.0.0.9", "web.a.test": "10.0.0.2"}
	lookup := func(_ context.Context, name string) ([]netip.Addr, error) {
		if ip, ok := known[name]; ok {
			return []netip.Addr{addr(ip)}, nil
		}
		return nil, errors.New("no such host")
	}
	found, missing := links.AdditionalHosts(context.Background(), []string{"db", "web", "nobody", "a b"}, []string{"a.test", "b.test", "c.test"}, lookup)
	want := []links.Link{
		{Name: "db", Addr: addr("10.0.0.1"), From: "BA_ADDITIONAL_HOSTS"},
		{Name: "web", Addr: addr("10.0.0.2"), From: "BA_ADDITIONAL_HOSTS"},
	}
	if diff := cmp.Diff(want, found, compareAddrs); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"nobody", "a b"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if found, _ := links.AdditionalHosts(ctx, []string{"db"}, []string{"x"}, lookup); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestSuffixes(t *testing.T) {
	t.Parallel()
	got := links.Suffixes([]string{"TUTUM_SERVICE_FQDN=web.me.svc.tutum.io", "TUTUM_CONTAINER_FQDN=web-1.me.cont.tutum.io"}, []string{"a.test", "A.test."})
	if diff := cmp.Diff([]string{"a.test", "me.svc.tutum.io", "me.cont.tutum.io"}, got); diff != "" {
		t.Errorf("suffixes (-want +got):\n%s", diff)
	}
}

func BenchmarkFromEnviron(b *testing.B) {
	var environ []string
	for i := range 5000 {
		environ = append(environ, fmt.Sprintf("SVC_%d_PORT_80_TCP_ADDR=10.0.%d.%d", i, i>>8, i&255), fmt.Sprintf("SVC_%d_SERVICE_HOST=10.0.0.1", i))
	}
	for b.Loop() {
		links.FromEnviron(environ)
	}
}
