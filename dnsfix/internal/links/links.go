// Package links reads from a container's environment which hosts it is linked with:
// Docker's links, Tutum's, and the names of BA_ADDITIONAL_HOSTS.
//
// What surprises most: Kubernetes sets the same variables as Docker's links for every
// service of a namespace. Those are marked (Link.Service), as nobody wants to wait for
// all of them. And the environment has lost the case of names, and what was a "-" or
// a "_": X_NAME=/web/db-1 has the exact alias, if it is there.
package links

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Port is one that a linked container exposes.
type Port struct {
	Number uint16
	UDP    bool
}

// Link is a host that the container is linked with.
type Link struct {
	Name    string
	Addr    netip.Addr
	Ports   []Port // in order, TCP first
	From    string // the variable that has the address
	Service bool   // of Kubernetes
}

// Note is about a variable that was not taken.
type Note struct{ Variable, Text string }

// String names the variable.
func (n Note) String() string { return n.Variable + ": " + n.Text }

// environment is the variables by name; of several of one name, the last counts.
type environment map[string]string

func read(environ []string) environment {
	env := make(environment, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}

// FromEnviron returns the links that Docker tells of with ALIAS_PORT_5432_TCP_ADDR or
// ALIAS_PORT_514_UDP_ADDR: one for each name and address, by name. Where the name of
// the variable is all there is, a link with "_" in its name is there twice, with "-"
// for "_" and as it is.
func FromEnviron(environ []string) ([]Link, []Note) {
	env := read(environ)
	c := collector{env: env}
	for name, value := range env {
		prefix, port, ok := portVariable(name)
		if !ok {
			continue
		}
		addr, ok := c.addr(name, value)
		if !ok {
			continue
		}
		_, isService := env[prefix+"_SERVICE_HOST"]
		for _, alias := range c.names(prefix) {
			c.add(Link{Name: alias, Addr: addr, Ports: []Port{port}, From: name, Service: isService})
		}
	}
	return c.result()
}

const tutumSuffix = "_ENV_TUTUM_IP_ADDRESS"

// FromTutumEnviron returns the links that Tutum tells of with
// ALIAS_ENV_TUTUM_IP_ADDRESS=10.7.0.3/16: every linked container, whether it exposes
// ports or not. Those ports that it does are known from Docker's variables.
func FromTutumEnviron(environ []string) ([]Link, []Note) {
	env := read(environ)
	c := collector{env: env}
	ports := map[string][]Port{}
	for name := range env {
		if prefix, port, ok := portVariable(name); ok {
			ports[prefix] = append(ports[prefix], port)
		}
	}
	for name, value := range env {
		prefix, ok := strings.CutSuffix(name, tutumSuffix)
		if !ok || prefix == "" {
			continue
		}
		ip, _, _ := strings.Cut(value, "/")
		addr, ok := c.addr(name, ip)
		if !ok {
			continue
		}
		for _, alias := range c.names(prefix) {
			c.add(Link{Name: alias, Addr: addr, Ports: ports[prefix], From: name})
		}
	}
	return c.result()
}

// portVariable reads the name of a variable with the address behind a port:
// ALIAS_PORT_5432_TCP_ADDR.
func portVariable(name string) (prefix string, port Port, ok bool) {
	rest, ok := strings.CutSuffix(name, "_ADDR")
	if !ok {
		return "", port, false
	}
	if rest, ok = strings.CutSuffix(rest, "_TCP"); !ok {
		if rest, ok = strings.CutSuffix(rest, "_UDP"); !ok {
			return "", port, false
		}
		port.UDP = true
	}
	at := strings.LastIndex(rest, "_PORT_")
	if at <= 0 {
		return "", port, false
	}
	number, err := strconv.ParseUint(rest[at+len("_PORT_"):], 10, 16)
	if err != nil || number == 0 {
		return "", port, false
	}
	port.Number = uint16(number)
	return rest[:at], port, true
}

// collector puts links together.
type collector struct {
	env   environment
	links []Link
	notes []Note
	noted map[Note]bool
}

func (c *collector) note(variable, format string, args ...any) {
	n := Note{variable, fmt.Sprintf(format, args...)}
	if !c.noted[n] {
		if c.noted == nil {
			c.noted = map[Note]bool{}
		}
		c.noted[n] = true
		c.notes = append(c.notes, n)
	}
}

func (c *collector) addr(variable, value string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSpace(value))
	if err != nil || addr.Zone() != "" || addr.IsUnspecified() {
		c.note(variable, "%q is not the address of a host", value)
		return addr, false
	}
	return addr.Unmap(), true
}

// names are those of a link whose variables begin with prefix.
func (c *collector) names(prefix string) []string {
	if path, ok := c.env[prefix+"_NAME"]; ok && strings.HasPrefix(path, "/") {
		alias := path[strings.LastIndexByte(path, '/')+1:]
		if IsName(alias) {
			return []string{alias}
		}
		c.note(prefix+"_NAME", "%q does not end in the name of a host", path)
	}
	low := strings.ToLower(prefix)
	var names []string
	for _, name := range []string{strings.ReplaceAll(low, "_", "-"), low} {
		if IsName(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		c.note(prefix+"_PORT", "%q cannot be the name of a host", low)
	}
	return names
}

func (c *collector) add(l Link) { c.links = append(c.links, l) }

// result merges links that differ in their ports.
func (c *collector) result() ([]Link, []Note) {
	// Not slices.SortFunc, here and below: for each type of struct it is 15 kB of binary.
	sort.Slice(c.links, func(i, j int) bool {
		a, b := &c.links[i], &c.links[j]
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Addr.Compare(b.Addr), cmp.Compare(a.From, b.From)) < 0
	})
	sort.Slice(c.notes, func(i, j int) bool {
		a, b := &c.notes[i], &c.notes[j]
		return cmp.Or(cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.Text, b.Text)) < 0
	})
	return Merge(c.links), c.notes
}

// Merge makes one of links that are next to each other and have the same name and address.
func Merge(links []Link) (merged []Link) {
	for _, l := range links {
		if n := len(merged) - 1; n >= 0 && merged[n].Name == l.Name && merged[n].Addr == l.Addr {
			merged[n].Ports = append(merged[n].Ports, l.Ports...)
			merged[n].Service = merged[n].Service && l.Service
			continue
		}
		l.Ports = slices.Clone(l.Ports)
		merged = append(merged, l)
	}
	for i := range merged {
		ports := merged[i].Ports
		sort.Slice(ports, func(i, j int) bool { return comparePorts(ports[i], ports[j]) < 0 })
		merged[i].Ports = slices.Compact(merged[i].Ports)
	}
	return merged
}

func comparePorts(a, b Port) int {
	if a.UDP != b.UDP {
		if a.UDP {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.Number, b.Number)
}

// IsName tells whether a text can be the name of a host: labels of letters, digits, "-"
// and "_" (RFC 1123 2.1, and what Docker allows), so that it can stand in /etc/hosts.
func IsName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	_, err := netip.ParseAddr(s)
	return err != nil
}
