package dnsmasq

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func setHostRecord(o *Options, v value) error {
	fields, err := v.fields()
	if err != nil {
		return err
	}
	h := HostRecord{TTL: NoTTL, From: v.from}
	for i, f := range fields {
		if f == "" && i > 0 {
			continue // as in NAME,,IPV6
		}
		if err := h.add(f, i > 0); err != nil {
			return err
		}
	}
	if !h.V4.IsValid() && !h.V6.IsValid() || len(h.Names) == 0 {
		return errors.New("something is missing: give NAME[,NAME...],ADDRESS[,ADDRESS][,TTL]")
	}
	o.HostRecords = append(o.HostRecords, h)
	return nil
}

// add takes a field as what it looks like, as dnsmasq does: an address, a number
// for the TTL, or else a name.
func (h *HostRecord) add(field string, mayBeTTL bool) error {
	if addr, err := netip.ParseAddr(field); err == nil {
		return h.addAddr(addr)
	}
	if mayBeTTL && isNumber(field) {
		if h.TTL != NoTTL {
			return fmt.Errorf("%s is a second TTL: remove one", field)
		}
		ttl, err := parseSeconds(field)
		h.TTL = ttl
		return err
	}
	name, err := parseName(field)
	h.Names = append(h.Names, name)
	return err
}

func (h *HostRecord) addAddr(addr netip.Addr) error {
	at := &h.V6
	if addr.Is4() {
		at = &h.V4
	}
	switch {
	case addr.Zone() != "":
		return fmt.Errorf("%s has a zone, and a record cannot: remove it", addr)
	case at.IsValid():
		return fmt.Errorf("%s is one address too many, a record has one of each family: repeat the option", addr)
	}
	*at = addr
	return nil
}

func setCNAME(o *Options, v value) error {
	const what = "ALIAS[,ALIAS...],TARGET[,TTL]"
	fields, err := v.fields()
	if err != nil {
		return err
	}
	c := CNAME{TTL: NoTTL, From: v.from}
	if last := len(fields) - 1; last > 1 && isNumber(fields[last]) {
		if c.TTL, err = parseSeconds(fields[last]); err != nil {
			return err
		}
		fields = fields[:last]
	}
	if len(fields) < 2 {
		return errors.New("something is missing: give " + what)
	}
	names, err := parseNames(fields)
	if err != nil {
		return err
	}
	c.Aliases, c.Target = names[:len(names)-1], names[len(names)-1]
	o.CNAMEs = append(o.CNAMEs, c)
	return nil
}

func setSRV(o *Options, v value) error {
	fields, err := v.fieldsOf(1, 5, "NAME[,TARGET[,PORT[,PRIORITY[,WEIGHT]]]]")
	if err != nil {
		return err
	}
	s := SRV{Port: 1, From: v.from}
	if s.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	if len(fields) > 1 && fields[1] != "" && fields[1] != "." {
		if s.Target, err = parseName(fields[1]); err != nil {
			return err
		}
	}
	for i, at := range []*uint16{&s.Port, &s.Priority, &s.Weight} {
		if i+2 < len(fields) {
			if *at, err = parse16(fields[i+2]); err != nil {
				return err
			}
		}
	}
	o.SRVs = append(o.SRVs, s)
	return nil
}

func setTXT(o *Options, v value) error {
	fields, err := v.fields()
	if err != nil {
		return err
	}
	t := TXT{From: v.from}
	if t.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	for _, s := range fields[1:] {
		for len(s) > 255 {
			t.Strings = append(t.Strings, s[:255])
			s = s[255:]
		}
		t.Strings = append(t.Strings, s)
	}
	if t.Strings == nil {
		t.Strings = []string{""}
	}
	o.TXTs = append(o.TXTs, t)
	return nil
}

func setPTR(o *Options, v value) error {
	fields, err := v.fieldsOf(2, 2, "NAME,TARGET")
	if err != nil {
		return err
	}
	names, err := parseNames(fields)
	if err != nil {
		return err
	}
	o.PTRs = append(o.PTRs, PTR{Name: names[0], Target: names[1], From: v.from})
	return nil
}

func setMX(o *Options, v value) error {
	fields, err := v.fieldsOf(1, 3, "NAME[,TARGET][,PREFERENCE]")
	if err != nil {
		return err
	}
	m := MX{Preference: 1, From: v.from}
	if m.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	rest := fields[1:]
	if last := len(rest) - 1; last == 1 || last == 0 && isNumber(rest[0]) {
		if m.Preference, err = parse16(rest[last]); err != nil {
			return err
		}
		rest = rest[:last]
	}
	if len(rest) == 1 && rest[0] != "" {
		if m.Target, err = parseName(rest[0]); err != nil {
			return err
		}
	}
	o.MXs = append(o.MXs, m)
	return nil
}

func setNAPTR(o *Options, v value) error {
	fields, err := v.fieldsOf(6, 7, "NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP[,REPLACEMENT], a regexp with commas in double quotes")
	if err != nil {
		return err
	}
	n := NAPTR{Flags: fields[3], Service: fields[4], Regexp: fields[5], From: v.from}
	for _, s := range fields[3:6] {
		if len(s) > 255 {
			return fmt.Errorf("%.20q... is longer than 255 bytes: shorten it", s)
		}
	}
	if n.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	if n.Order, err = parse16(fields[1]); err != nil {
		return err
	}
	if n.Preference, err = parse16(fields[2]); err != nil {
		return err
	}
	if len(fields) == 7 && fields[6] != "" && fields[6] != "." {
		if n.Replacement, err = parseName(fields[6]); err != nil {
			return err
		}
	}
	o.NAPTRs = append(o.NAPTRs, n)
	return nil
}

func setCAA(o *Options, v value) error {
	fields, err := v.split(4) // a value may have commas
	if err != nil {
		return err
	}
	if len(fields) < 4 {
		return errors.New("something is missing: give NAME,FLAGS,TAG,VALUE")
	}
	c := CAA{Tag: fields[2], Value: fields[3], From: v.from}
	if c.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	flags, err := parseNumber(fields[1], 0, 255)
	if err != nil {
		return err
	}
	if c.Flags = uint8(flags); c.Tag == "" || len(c.Tag) > 255 {
		return errors.New("it has no tag of 1 to 255 bytes: give one such as issue")
	}
	o.CAAs = append(o.CAAs, c)
	return nil
}

func setRR(o *Options, v value) error {
	fields, err := v.fieldsOf(2, 3, "NAME,TYPE[,HEX]")
	if err != nil {
		return err
	}
	r := RR{From: v.from}
	if r.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	number, err := parseNumber(fields[1], 1, 65535)
	if err != nil {
		return err
	}
	if r.Type = uint16(number); len(fields) == 3 {
		if r.Data, err = parseHex(fields[2]); err != nil {
			return err
		}
	}
	o.RRs = append(o.RRs, r)
	return nil
}

// parseHex reads "01:23:45", "01 23 45", "012345" and mixtures; a digit alone is
// a byte, too, as in dnsmasq.
func parseHex(s string) ([]byte, error) {
	var data []byte
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == ' ' }) {
		for part != "" {
			n := min(2, len(part))
			b, err := strconv.ParseUint(part[:n], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("%q is not hexadecimal: give bytes such as 01:23:45", part)
			}
			data, part = append(data, byte(b)), part[n:]
		}
	}
	if len(data) > 65535 {
		return nil, errors.New("the data is longer than 65535 bytes: shorten it")
	}
	return data, nil
}

func setInterfaceName(o *Options, v value) error {
	fields, err := v.fieldsOf(2, 2, "NAME,INTERFACE[/4|/6]")
	if err != nil {
		return err
	}
	n := InterfaceName{V4: true, V6: true, From: v.from}
	if n.Name, err = parseName(fields[0]); err != nil {
		return err
	}
	link, family, cut := strings.Cut(fields[1], "/")
	switch {
	case link == "":
		return errors.New("it names no interface: give NAME,INTERFACE[/4|/6]")
	case cut && family != "4" && family != "6":
		return fmt.Errorf("%q is no family: give /4 or /6", "/"+family)
	}
	n.Interface, n.V4, n.V6 = link, family != "6", family != "4"
	o.InterfaceNames = append(o.InterfaceNames, n)
	return nil
}

func setAlias(o *Options, v value) error {
	fields, err := v.fieldsOf(2, 3, "OLD|START-END,NEW[,MASK]")
	if err != nil {
		return err
	}
	start, end, isRange := strings.Cut(fields[0], "-")
	if !isRange {
		end = start
	}
	if len(fields) == 2 {
		fields = append(fields, "255.255.255.255")
	}
	a := Alias{From: v.from}
	texts := []string{start, end, fields[1], fields[2]}
	for i, at := range []*netip.Addr{&a.Start, &a.End, &a.New, &a.Mask} {
		if *at, err = netip.ParseAddr(texts[i]); err != nil || !at.Is4() {
			return fmt.Errorf("%q is no IPv4 address: give one", texts[i])
		}
	}
	if a.End.Less(a.Start) || v4(a.Start)&v4(a.Mask) != v4(a.End)&v4(a.Mask) {
		return errors.New("the range does not go up within one subnet of the mask: give START-END,NEW,MASK")
	}
	o.Aliases = append(o.Aliases, a)
	return nil
}

func parse16(s string) (uint16, error) {
	n, err := parseNumber(s, 0, 65535)
	return uint16(n), err
}

func parseSeconds(s string) (time.Duration, error) {
	n, err := parseNumber(s, 0, maxTTL)
	return time.Duration(n) * time.Second, err
}

// maxTTL is the largest time to live, in seconds (RFC 2181, section 8).
const maxTTL = 1<<31 - 1
