package naming_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/internal/setting/settingtest"
)

func read(t *testing.T, env, args []string) (naming.Settings, error) {
	t.Helper()
	return settingtest.Read(t, naming.List(), env, args)
}

func TestRead(t *testing.T) { // not parallel: it sets the environment
	for _, tc := range []struct {
		name      string
		env, args []string
		want      naming.Settings
	}{
		{name: "nothing"},
		{name: "empty is unset", env: []string{"BASEINIT_DNS=", "DNSMASQ_ARGS="}},
		{name: "off", env: []string{"BASEINIT_DNS=off"}, want: naming.Settings{Off: true}},
		{name: "the flag counts", env: []string{"BASEINIT_DNS=off"}, args: []string{"--dns", "required"}, want: naming.Settings{DNS: dnsfix.Config{Required: true}}},
		{name: "no limit", env: []string{"DNS_INIT_TIMEOUT=0"}, want: naming.Settings{DNS: dnsfix.Config{InitTimeout: -1}}},
		{
			name: "all", env: []string{"DNSMASQ_ARGS=-q --port=54", "BASEINIT_DNS_REACH=tcp", "BASEINIT_DNS_STALE=0"},
			args: []string{"--dns-init-timeout=7", "--dns-resolv-conf=0", "--dns-upstream=10.0.0.2, [fd00::2]:5353 fd00::3"},
			want: naming.Settings{DNS: dnsfix.Config{
				Args: "-q --port=54", Reachability: "tcp", MaxStale: -1, InitTimeout: 7 * time.Second, KeepResolvConf: true,
				Upstreams: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:53"), netip.MustParseAddrPort("[fd00::2]:5353"), netip.MustParseAddrPort("[fd00::3]:53")},
			}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := read(t, tc.env, tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongValues(t *testing.T) { // not parallel: it sets the environment
	for _, entry := range []string{"BASEINIT_DNS=maybe", "DNS_INIT_TIMEOUT=45s", "DNS_INIT_TIMEOUT=-1", "BASEINIT_DNS_UPSTREAM=dns.test", "BASEINIT_DNS_RESOLV_CONF=no", "BASEINIT_DNS_STALE=1h"} {
		t.Run(entry, func(t *testing.T) {
			name, value, _ := strings.Cut(entry, "=")
			_, err := read(t, []string{entry}, nil)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s is %q: ", name, value)) {
				t.Errorf("error %v; want one that names %s", err, name)
			}
		})
	}
}

func TestDocumented(t *testing.T) {
	t.Parallel()
	settingtest.Documented(t, "../../docs/dns.md", naming.List())
}
