package dnsmasq

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Kind says which names a [Domain] is about.
type Kind uint8

// The kinds, as --server writes them.
const (
	// Subtree is /NAME/: NAME and all that is below it.
	Subtree Kind = iota
	// Ending is /*NAME/: all names that end in these letters. With /*.NAME/ that
	// is all that is below NAME, and NAME is ".NAME".
	Ending
	// Unqualified is //: names without a dot. NAME is "".
	Unqualified
	// Everything is /#/ or /*/. NAME is "".
	Everything
)

// Domain is a set of names.
type Domain struct {
	// Name is lower-case and without a final dot.
	Name string
	Kind Kind
}

// parseDomain reads what is between two slashes.
func parseDomain(s string) (Domain, error) {
	switch s {
	case "":
		return Domain{Kind: Unqualified}, nil
	case "#", "*":
		return Domain{Kind: Everything}, nil
	}
	rest, ending := strings.CutPrefix(s, "*")
	if strings.Contains(rest, "*") {
		return Domain{}, fmt.Errorf("%q has a * that is not its first character: move it there, or remove it", s)
	}
	bare, below := strings.CutPrefix(rest, ".")
	name, err := parseName(bare)
	switch {
	case err != nil:
		return Domain{}, err
	case ending && below:
		return Domain{"." + name, Ending}, nil
	case ending:
		return Domain{name, Ending}, nil
	}
	return Domain{name, Subtree}, nil // "/.NAME/" is "/NAME/"
}

// parseDomains reads a list of domains between slashes, and what follows the last.
// A value that does not begin with a slash has no domains.
func parseDomains(s string) (domains []Domain, rest string, err error) {
	inner, ok := strings.CutPrefix(s, "/")
	if !ok {
		return nil, s, nil
	}
	parts := strings.Split(inner, "/")
	last := len(parts) - 1
	if last == 0 {
		return nil, "", fmt.Errorf("%q is not closed: write /DOMAIN/, with a slash behind it, too", s)
	}
	for _, part := range parts[:last] {
		d, err := parseDomain(strings.Trim(part, blanks))
		if err != nil {
			return nil, "", err
		}
		domains = append(domains, d)
	}
	return domains, strings.Trim(parts[last], blanks), nil
}

// parseName returns a domain name in lower case and without its final dot. It may
// hold all that a record's name may, such as _ and /, but nothing that no one writes
// on purpose.
func parseName(s string) (string, error) {
	name := strings.TrimSuffix(s, ".")
	if name == "" {
		return "", errors.New("a name is empty: give one")
	}
	if len(name) > 253 {
		return "", fmt.Errorf("%.20q... is longer than 253 bytes: no name is", s)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%q has a part that is empty or longer than 63 bytes: no name has", s)
		}
	}
	return lower(name)
}

// lower is strings.ToLower for the letters of DNS (RFC 4343), and no others.
func lower(name string) (string, error) {
	changed := false
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 0x80:
			return "", fmt.Errorf("%q is not ASCII: write it in punycode, with xn--", name)
		case c <= ' ' || c == 0x7f || c == ',' || c == '"':
			return "", fmt.Errorf("%q has the character %q: no name has", name, c)
		case 'A' <= c && c <= 'Z':
			changed = true
		}
	}
	if changed {
		return strings.ToLower(name), nil
	}
	return name, nil
}

func parseNames(fields []string) ([]string, error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		name, err := parseName(f)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}

// parsePrefix reads ADDRESS[/BITS]. No bits are those of the whole address.
func parsePrefix(s string, least int) (netip.Prefix, error) {
	text, length, cut := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no address: give ADDRESS[/BITS]", text)
	}
	bits := addr.BitLen()
	if cut {
		if bits, err = parseNumber(length, least, bits); err != nil {
			return netip.Prefix{}, err
		}
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

// reverse returns the domains of in-addr.arpa or ip6.arpa that together are the
// addresses of p: one, unless p ends within a label.
func reverse(p netip.Prefix) []Domain {
	perLabel, base, zone := 8, 10, "in-addr.arpa"
	if p.Addr().Is6() {
		perLabel, base, zone = 4, 16, "ip6.arpa"
	}
	labels := (p.Bits() + perLabel - 1) / perLabel
	domains := make([]Domain, 1<<(labels*perLabel-p.Bits()))
	for i := range domains {
		var name strings.Builder
		for l := labels - 1; l >= 0; l-- {
			n := part(p.Addr(), l, perLabel)
			if l == labels-1 {
				n += i
			}
			name.WriteString(strconv.FormatInt(int64(n), base))
			name.WriteByte('.')
		}
		domains[i] = Domain{name.String() + zone, Subtree}
	}
	return domains
}

// part is the l-th part of addr, in parts of 8 or 4 bits.
func part(addr netip.Addr, l, bits int) int {
	b := addr.AsSlice()
	if bits == 8 {
		return int(b[l])
	}
	return int(b[l/2]>>(4*(1-l%2))) & 15
}
