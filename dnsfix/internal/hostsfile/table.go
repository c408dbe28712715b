package hostsfile

import (
	"net/netip"
	"slices"
	"strings"
)

// Table answers for names and addresses. It does not change, so that any number
// of goroutines can use one; its answers must not be changed either. The zero
// value, and a nil pointer, are a table that knows nothing.
type Table struct {
	hosts  map[string]*Host // by name, in wire form and lower case
	owners map[netip.Addr]*Owner
}

// Host is what a name has: one of the lists at least. They are in the order of
// the files, and no address is repeated.
type Host struct {
	V4, V6 []netip.Addr
}

// Owner is what an address belongs to.
type Owner struct {
	// Name is the canonical name, the first one of the first line with the
	// address. Wire is the same for the data of a PTR record (see [AppendWire]).
	Name string
	Wire []byte
	// Aliases are the other names, those of other lines included.
	Aliases []string
}

// NewTable makes a table of the entries of several files, in that order: the first
// line with an address decides about its canonical name.
//
// If domain is not empty, a name without a dot is also name.domain, and that is then
// the canonical one: dnsmasq's expand-hosts with domain, of version 2.86 and later.
func NewTable(domain string, files ...[]Entry) *Table {
	t := &Table{hosts: map[string]*Host{}, owners: map[netip.Addr]*Owner{}}
	domain = strings.Trim(domain, ".")
	for _, entries := range files {
		for _, entry := range entries {
			for _, name := range entry.Names {
				if domain != "" && !strings.Contains(name, ".") {
					t.add(entry.Addr, name+"."+domain)
				}
				t.add(entry.Addr, name)
			}
		}
	}
	return t
}

// add leaves out what has no wire form: a name can be too long with its domain.
func (t *Table) add(addr netip.Addr, name string) {
	addr = plain(addr)
	wire, ok := AppendWire(nil, name)
	if !ok || !addr.IsValid() {
		return
	}
	key := slices.Clone(wire)
	lower(key)
	host := t.hosts[string(key)]
	if host == nil {
		host = new(Host)
		t.hosts[string(key)] = host
	}
	if !host.add(addr) {
		return // the owner has this name already
	}
	if owner := t.owners[addr]; owner != nil {
		owner.Aliases = append(owner.Aliases, name)
	} else {
		t.owners[addr] = &Owner{Name: name, Wire: wire}
	}
}

// add returns false if the address is there already.
func (h *Host) add(addr netip.Addr) bool {
	list := &h.V6
	if addr.Is4() {
		list = &h.V4
	}
	if slices.Contains(*list, addr) {
		return false
	}
	*list = append(*list, addr)
	return true
}

// Lookup returns what a name with dots has, or nil. The case of letters does not
// count, nor does one dot at the end.
func (t *Table) Lookup(name string) *Host {
	var buf [maxWire]byte
	wire, ok := AppendWire(buf[:0], name)
	if !ok || t == nil {
		return nil
	}
	lower(wire)
	return t.hosts[string(wire)]
}

// LookupWire is [Table.Lookup] for a name as it is in a query: with lengths, without
// compression, with the 0 at its end. The case of letters does not count.
func (t *Table) LookupWire(name []byte) *Host {
	if t == nil || len(name) > maxWire {
		return nil
	}
	var buf [maxWire]byte
	wire := append(buf[:0], name...)
	lower(wire)
	return t.hosts[string(wire)]
}

// LookupAddr returns what an address belongs to, or nil. A zone does not count.
func (t *Table) LookupAddr(addr netip.Addr) *Owner {
	if t == nil {
		return nil
	}
	return t.owners[plain(addr)]
}

// Len returns the number of names.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return len(t.hosts)
}
