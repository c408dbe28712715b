package dnsmasq

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ServerRule is a --server, --local or --rev-server. It has a server, or is Local,
// or Default.
type ServerRule struct {
	// Domains are what it is about; none is everything.
	Domains []Domain
	// Server is where queries go; port 53 if none was given.
	Server netip.AddrPort
	// Local says that such names are never asked of any server.
	Local bool
	// Default says that such names go to the standard servers (/DOMAIN/#).
	Default bool
	From    Origin
}

// AddressRule is an --address. It has an address, or is Zero, or NXDomain.
type AddressRule struct {
	Domains []Domain
	// Addr answers A or AAAA, whichever it is.
	Addr netip.Addr
	// Zero answers A with 0.0.0.0 and AAAA with :: (/DOMAIN/#).
	Zero bool
	// NXDomain says that there are no such names; it is what Local is.
	NXDomain bool
	From     Origin
}

func setServer(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	r := ServerRule{From: v.from}
	var server string
	if r.Domains, server, err = parseDomains(text); err != nil {
		return err
	}
	return o.addServer(r, server)
}

func setRevServer(o *Options, v value) error {
	fields, err := v.fieldsOf(1, 2, "ADDRESS[/BITS][,SERVER]")
	if err != nil {
		return err
	}
	p, err := parsePrefix(fields[0], 1)
	if err != nil {
		return err
	}
	r := ServerRule{Domains: reverse(p), From: v.from}
	if len(fields) == 2 && fields[1] == "" {
		return errors.New("the server is empty: give one, or leave the comma out if no server is to be asked")
	}
	return o.addServer(r, strings.Join(fields[1:], ""))
}

// addServer completes r with what is written behind its domains.
func (o *Options) addServer(r ServerRule, server string) error {
	var err error
	switch {
	case server == "" && r.Domains == nil:
		return errors.New("it names no server: give ADDRESS[#PORT], or /DOMAIN/")
	case server == "":
		r.Local = true
	case server == "#":
		r.Default = true
	default:
		if r.Server, err = parseServer(server); err != nil {
			return err
		}
	}
	o.Servers = append(o.Servers, r)
	return nil
}

// parseServer reads ADDRESS[#PORT].
func parseServer(s string) (netip.AddrPort, error) {
	if strings.Contains(s, "@") {
		return netip.AddrPort{}, unsupportedError{"queries have no chosen source: leave out the @ and what follows"}
	}
	host, number, cut := strings.Cut(s, "#")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]", host)
	}
	port := 53
	if cut {
		if port, err = parseNumber(number, 1, 65535); err != nil {
			return netip.AddrPort{}, err
		}
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}

func setAddress(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	r := AddressRule{From: v.from}
	var addr string
	if r.Domains, addr, err = parseDomains(text); err != nil {
		return err
	}
	if r.Domains == nil {
		if addr == "" {
			return errors.New("it is empty: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/")
		}
		r.Domains = []Domain{{Kind: Everything}}
	}
	switch addr {
	case "":
		r.NXDomain = true
	case "#":
		r.Zero = true
	default:
		if r.Addr, err = netip.ParseAddr(addr); err != nil || r.Addr.Zone() != "" {
			return fmt.Errorf("%q is no address: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/", addr)
		}
	}
	o.Addresses = append(o.Addresses, r)
	return nil
}

// setRebindDomainOK reads DOMAIN or /DOMAIN/[DOMAIN/...].
func setRebindDomainOK(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	domains, last, err := parseDomains(strings.TrimSuffix(text, "/") + "/")
	if err != nil {
		return err
	}
	if domains == nil {
		d, err := parseDomain(strings.TrimSuffix(last, "/"))
		if err != nil {
			return err
		}
		domains = []Domain{d}
	}
	o.RebindDomainOK = append(o.RebindDomainOK, domains...)
	return nil
}
