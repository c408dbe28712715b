package resolve

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// records are those of dnsmasq's options, by name in lower-case wire form.
type records map[string]*recordSet

// recordSet is what one name has.
type recordSet struct {
	cname    []byte // in wire form; the name is an alias then
	cnameTTL uint32
	all      []localRecord
}

type localRecord struct {
	typ  uint16
	ttl  uint32
	data []byte
}

// Types that only records of our own have.
const (
	typeNAPTR = 35
	typeCAA   = 257
)

// compile adds all records of the options.
func (r *records) compile(v *View) {
	*r = records{}
	o, ttl := v.Options, seconds(v.Options.LocalTTL)
	orLocal := func(d time.Duration) uint32 {
		if d == dnsmasq.NoTTL {
			return ttl
		}
		return seconds(d)
	}
	for _, h := range o.HostRecords {
		for i, name := range h.Names {
			for _, addr := range []netip.Addr{h.V4, h.V6} {
				r.address(name, orLocal(h.TTL), addr)
				if i == 0 && addr.IsValid() {
					r.at(reverseName(addr)).add(wire.TypePTR, orLocal(h.TTL), nameData(nil, name))
				}
			}
		}
	}
	for _, n := range o.InterfaceNames {
		for _, addr := range interfaceAddrs(n.Interface) {
			if addr.Is4() && n.V4 || addr.Is6() && n.V6 {
				r.address(n.Name, ttl, addr)
			}
		}
	}
	for _, c := range o.CNAMEs {
		for _, alias := range c.Aliases {
			set := r.named(alias)
			set.cname, set.cnameTTL = nameData(nil, c.Target), orLocal(c.TTL)
		}
	}
	for _, s := range o.SRVs {
		data := uint16s(s.Priority, s.Weight, s.Port)
		r.named(s.Name).add(wire.TypeSRV, ttl, nameData(data, s.Target))
	}
	for _, t := range o.TXTs {
		r.named(t.Name).add(wire.TypeTXT, ttl, stringData(nil, t.Strings...))
	}
	for _, p := range o.PTRs {
		r.named(p.Name).add(wire.TypePTR, ttl, nameData(nil, p.Target))
	}
	for _, m := range o.MXs {
		target := m.Target
		if target == "" {
			target = v.HostName
		}
		r.named(m.Name).add(wire.TypeMX, ttl, nameData(uint16s(m.Preference), target))
	}
	for _, n := range o.NAPTRs {
		data := stringData(uint16s(n.Order, n.Preference), n.Flags, n.Service, n.Regexp)
		r.named(n.Name).add(typeNAPTR, ttl, nameData(data, n.Replacement))
	}
	for _, c := range o.CAAs {
		data := stringData([]byte{c.Flags}, c.Tag)
		r.named(c.Name).add(typeCAA, ttl, append(data, c.Value...))
	}
	for _, rr := range o.RRs {
		r.named(rr.Name).add(rr.Type, ttl, rr.Data)
	}
}

func (r records) at(name []byte) *recordSet {
	key := string(lower(name))
	set := r[key]
	if set == nil {
		set = new(recordSet)
		r[key] = set
	}
	return set
}

func (r records) named(name string) *recordSet { return r.at(nameData(nil, name)) }

func (r records) address(name string, ttl uint32, addr netip.Addr) {
	switch {
	case addr.Is4():
		r.named(name).add(wire.TypeA, ttl, addr.AsSlice())
	case addr.Is6():
		r.named(name).add(wire.TypeAAAA, ttl, addr.AsSlice())
	}
}

func (s *recordSet) add(typ uint16, ttl uint32, data []byte) {
	s.all = append(s.all, localRecord{typ, ttl, data})
}

// has tells whether there is a record of a type.
func (s *recordSet) has(typ uint16) bool {
	for i := range s.all {
		if s.all[i].typ == typ {
			return true
		}
	}
	return false
}

// hasAddress tells whether there is a record of either family.
func (s *recordSet) hasAddress() bool { return s.has(wire.TypeA) || s.has(wire.TypeAAAA) }

// set returns the records of a name in any case, or nil.
func (r records) set(name []byte) *recordSet {
	var buf [wire.MaxName]byte
	low := append(buf[:0], name...)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return r[string(low)]
}

// appendRecords answers from records. A name that has an address of one family has none
// of the other; of other types the servers may know more. Aliases are for Resolve.
func (v *view) appendRecords(dst []byte, q *wire.Query) ([]byte, bool) {
	set := v.records.set(q.Name())
	if set == nil || set.cname != nil && q.Type != wire.TypeCNAME {
		return dst, false
	}
	isAddress := q.Type == wire.TypeA || q.Type == wire.TypeAAAA
	found := set.has(q.Type) || set.cname != nil
	if !found && (!isAddress || !set.hasAddress()) {
		return dst, false
	}
	b := wire.Begin(dst, q, wire.RcodeSuccess)
	b.Local()
	if set.cname != nil {
		b.Record(wire.TypeCNAME, set.cnameTTL, set.cname)
	}
	for i := range set.all {
		if r := &set.all[i]; r.typ == q.Type {
			b.Record(r.typ, r.ttl, r.data)
		}
	}
	if !found {
		b.SOA(nothingTTL)
	}
	return b.End(), true
}

// nameData appends a name in wire form. What is none is left out: options have been checked.
func nameData(dst []byte, name string) []byte {
	if name == "" {
		return append(dst, 0)
	}
	data, ok := hostsfile.AppendWire(dst, strings.TrimSuffix(name, "."))
	if !ok {
		return append(dst, 0)
	}
	return data
}

// stringData appends character strings, each behind its length.
func stringData(dst []byte, texts ...string) []byte {
	for _, t := range texts {
		t = t[:min(len(t), 255)]
		dst = append(append(dst, byte(len(t))), t...)
	}
	return dst
}

func uint16s(values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// interfaceAddrs are those of an interface, none if there is no such.
func interfaceAddrs(name string) (addrs []netip.Addr) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	all, _ := i.Addrs()
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			addrs = append(addrs, prefix.Addr().Unmap())
		}
	}
	return addrs
}
