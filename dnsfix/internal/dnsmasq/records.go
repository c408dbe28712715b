package dnsmasq

import (
	"net/netip"
	"time"
)

// HostRecord is --host-record=NAME[,NAME...],[IPV4],[IPV6][,TTL]: A and AAAA
// records for each name, and a PTR record from each address to the first name.
type HostRecord struct {
	Names  []string
	V4, V6 netip.Addr // the zero Addr if not given
	TTL    time.Duration
	From   Origin
}

// CNAME is --cname=ALIAS[,ALIAS...],TARGET[,TTL]. No alias is given twice, and no
// chain of them is a loop.
type CNAME struct {
	Aliases []string
	Target  string
	TTL     time.Duration
	From    Origin
}

// SRV is --srv-host=NAME[,TARGET[,PORT[,PRIORITY[,WEIGHT]]]] (RFC 2782). Port is 1
// if not given. Target "" is the root: the service is not there. A name of service
// and protocol alone has had [Options.Domain] appended.
type SRV struct {
	Name, Target           string
	Port, Priority, Weight uint16
	From                   Origin
}

// TXT is --txt-record=NAME[,TEXT...]. Each string has at most 255 bytes, longer
// ones have been cut; there is at least one, which may be empty.
type TXT struct {
	Name    string
	Strings []string
	From    Origin
}

// PTR is --ptr-record=NAME,TARGET.
type PTR struct {
	Name, Target string
	From         Origin
}

// MX is --mx-host=NAME[,TARGET][,PREFERENCE]. Without a target it has that of
// --mx-target; where that is not given either, it is "", for the host's own name.
// The preference is 1 if not given.
type MX struct {
	Name, Target string
	Preference   uint16
	From         Origin
}

// NAPTR is --naptr-record=NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP[,REPLACEMENT]
// (RFC 3403). Replacement "" is the root.
type NAPTR struct {
	Name                   string
	Order, Preference      uint16
	Flags, Service, Regexp string
	Replacement            string
	From                   Origin
}

// CAA is --caa-record=NAME,FLAGS,TAG,VALUE (RFC 8659).
type CAA struct {
	Name       string
	Flags      uint8
	Tag, Value string
	From       Origin
}

// RR is --dns-rr=NAME,TYPE[,HEX].
type RR struct {
	Name string
	Type uint16
	Data []byte
	From Origin
}

// InterfaceName is --interface-name=NAME,INTERFACE[/4|/6].
type InterfaceName struct {
	Name, Interface string
	V4, V6          bool // which addresses of the interface count
	From            Origin
}

// Alias is --alias=OLD|START-END,NEW[,MASK]: addresses in answers are changed.
type Alias struct {
	// Start and End are the first and last address that are changed. Where they
	// are the same, all addresses are that agree with it in the bits of Mask.
	Start, End netip.Addr
	// New has the bits that Mask has; the others stay. Without a mask that is all.
	New, Mask netip.Addr
	From      Origin
}

// Rewrite returns what the alias makes of addr, and whether it concerns addr.
func (a Alias) Rewrite(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is4() {
		return addr, false
	}
	ip, start, end, mask := v4(addr), v4(a.Start), v4(a.End), v4(a.Mask)
	switch {
	case start == end && ip&mask != start&mask, start != end && (ip < start || ip > end):
		return addr, false
	}
	return fromV4(ip&^mask | v4(a.New)&mask), true
}

func v4(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func fromV4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
