package naming_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/internal/setting/settingtest"
)

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
			got, err := settingtest.Read(t, naming.List(), tc.env, tc.args)
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
	settingtest.Refused(t, naming.List(), "BASEINIT_DNS=maybe", "DNS_INIT_TIMEOUT=45s", "DNS_INIT_TIMEOUT=-1",
		"BASEINIT_DNS_UPSTREAM=dns.test", "BASEINIT_DNS_RESOLV_CONF=no", "BASEINIT_DNS_STALE=1h")
}

func TestDocumented(t *testing.T) {
	t.Parallel()
	settingtest.Documented(t, "../../docs/dns.md", naming.List())
}
