package resolve

import (
	"net/netip"
	"strings"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// shape changes what the servers say into what the options want it to be. The answer is
// the caller's own.
func (v *view) shape(a *wire.Answer, question []byte, logger *zap.Logger) {
	if !v.Resolv.TrustAD {
		a.Stored.Flags &^= wire.FlagAD
	}
	o := v.Options
	if o.MaxTTL > 0 {
		a.Stored.ClampTTLs(0, seconds(o.MaxTTL))
		a.TTL = min(a.TTL, seconds(o.MaxTTL))
	}
	q := queryOf(question)
	if a.Kind == wire.NXDomain && v.hasLocal(q.Name()) {
		a.NoName()
	}
	if a.Kind != wire.Positive || len(o.Aliases)+len(o.BogusNXDOMAIN)+len(o.IgnoreAddress) == 0 && !o.StopRebind {
		return
	}
	for data := range a.Stored.Addresses() {
		addr, _ := netip.AddrFromSlice(data)
		switch {
		case contains(o.IgnoreAddress, addr):
			*a = wire.Fail(question)
			return
		case contains(o.BogusNXDOMAIN, addr):
			*a = v.nothing(question, wire.RcodeNXDomain)
			return
		}
		for _, alias := range o.Aliases {
			if to, ok := alias.Rewrite(addr); ok && to.BitLen() == addr.BitLen() {
				copy(data, to.AsSlice())
				addr = to
				break
			}
		}
		if o.StopRebind && v.isRebinding(q.Name(), addr.Unmap()) {
			logger.Warn("possible DNS-rebind attack: " + text(q.Name()) + " is said to be " + addr.String() + "; the answer is held back")
			*a = v.nothing(question, wire.RcodeSuccess)
			return
		}
	}
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// isRebinding tells whether a public name has an address that only a private network
// can have.
func (v *view) isRebinding(name []byte, addr netip.Addr) bool {
	if addr.IsLoopback() {
		if v.Options.RebindLocalhostOK {
			return false
		}
	} else if !isPrivate(addr) {
		return false
	}
	dotted := text(name)
	for _, domain := range v.Options.RebindDomainOK {
		if covers(domain, dotted) {
			return false
		}
	}
	return true
}

// covers tells whether a name is in a set of names.
func covers(d dnsmasq.Domain, name string) bool {
	switch d.Kind {
	case dnsmasq.Everything:
		return true
	case dnsmasq.Unqualified:
		return !strings.Contains(name, ".")
	case dnsmasq.Ending:
		return strings.HasSuffix(name, d.Name)
	}
	return name == d.Name || strings.HasSuffix(name, "."+d.Name)
}
