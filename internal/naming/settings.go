// Package naming is DNS's place in baseinit: its settings, and dnsfix as one part of
// the container.
package naming

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/setting"
)

// Settings are what the command line and the environment say about DNS.
type Settings struct {
	// Off: there is no forwarder, and nothing is written.
	Off bool
	// DNS is what dnsfix is told; root, environment and logger are not in it.
	DNS dnsfix.Config
}

// List returns all settings, in the order of the documentation. Those of base-alpine
// have its names.
func List() []setting.Setting[Settings] {
	return []setting.Setting[Settings]{
		{Variable: "BASEINIT_DNS", Flag: "dns", Default: "on", Meaning: "`on`; `off`: no forwarder, and no file is touched; `required`: the container does not start unless it can answer on port 53 and write resolv.conf. With --root the default is off", Set: setMode},
		{Variable: "DNSMASQ_ARGS", Flag: "dns-args", Default: "none", Meaning: "options in dnsmasq's syntax: see [the options](#dnsmasqs-options)", Set: func(s *Settings, v string) error {
			s.DNS.Args = v
			return nil
		}},
		{Variable: "DNS_INIT_TIMEOUT", Flag: "dns-init-timeout", Default: "45", Meaning: "seconds that the boot sequence of DNS may take, linked hosts included; past it the container ends with code 112; 0: no limit", Set: func(s *Settings, v string) (err error) {
			s.DNS.InitTimeout, err = dnsfix.ParseInitTimeout(v)
			return err
		}},
		{Variable: "BASEINIT_DNS_REACH", Flag: "dns-reach", Default: "auto", Meaning: "how linked hosts are waited for: `ping`; `tcp`: a connection to the linked port, or its refusal; `auto`: ping, and TCP where that cannot be; `off`", Set: func(s *Settings, v string) error {
			s.DNS.Reachability = v
			if !slices.Contains([]string{"auto", "ping", "tcp", "off"}, v) {
				return errors.New("it can be auto, ping, tcp or off")
			}
			return nil
		}},
		{Variable: "BASEINIT_DNS_UPSTREAM", Flag: "dns-upstream", Default: "those of resolv.conf", Meaning: "servers to ask instead, separated by blanks: `10.0.0.2 10.0.0.3:5353 [fd00::2]:53`", Set: setUpstreams},
		{Variable: "BASEINIT_DNS_RESOLV_CONF", Flag: "dns-resolv-conf", Default: "1", Meaning: "0: /etc/resolv.conf stays as it is", Set: func(s *Settings, v string) error {
			take, err := setting.Bool(v)
			s.DNS.KeepResolvConf = err == nil && !take
			return err
		}},
		{Variable: "BASEINIT_DNS_STALE", Flag: "dns-stale", Default: "3600", Meaning: "seconds past its time that an answer is good for while no server answers; 0: none", Set: func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return errors.New("it can be a number of seconds")
			}
			s.DNS.MaxStale = time.Duration(n) * time.Second
			if n == 0 {
				s.DNS.MaxStale = -1
			}
			return nil
		}},
		{Variable: "BA_ADDITIONAL_HOSTS", Flag: "", Default: "none", Meaning: "short names, separated by blanks or commas, that are looked up with each search suffix and written into /etc/hosts"},
	}
}

func setMode(s *Settings, v string) (err error) {
	s.Off, s.DNS.Required, err = setting.Mode(v)
	return err
}

func setUpstreams(s *Settings, v string) error {
	s.DNS.Upstreams = nil
	for field := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r <= ' ' }) {
		if addr, err := netip.ParseAddr(field); err == nil {
			s.DNS.Upstreams = append(s.DNS.Upstreams, netip.AddrPortFrom(addr, 53))
			continue
		}
		addr, err := netip.ParseAddrPort(field)
		if err != nil {
			return fmt.Errorf("%q is no address of a server", field)
		}
		s.DNS.Upstreams = append(s.DNS.Upstreams, addr)
	}
	return nil
}
