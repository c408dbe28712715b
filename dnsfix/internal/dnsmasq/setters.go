package dnsmasq

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setter puts what an option says into o.
type setter func(o *Options, v value) error

// flag sets booleans to true.
func flag(at func(*Options) *bool) setter {
	return func(o *Options, _ value) error {
		*at(o) = true
		return nil
	}
}

// number sets a whole number.
func number(at func(*Options) *int, least, most int) setter {
	return func(o *Options, v value) error {
		text, err := v.text()
		if err != nil {
			return err
		}
		*at(o), err = parseNumber(text, least, most)
		return err
	}
}

// seconds sets a time to live.
func seconds(at func(*Options) *time.Duration) setter {
	return func(o *Options, v value) error {
		text, err := v.text()
		if err != nil {
			return err
		}
		*at(o), err = parseSeconds(text)
		return err
	}
}

// paths appends an absolute path.
func paths(at func(*Options) *[]string) setter {
	return func(o *Options, v value) error {
		path, err := v.path()
		if err != nil {
			return err
		}
		*at(o) = append(*at(o), path)
		return nil
	}
}

// list appends what is between commas.
func list(at func(*Options) *[]string) setter {
	return func(o *Options, v value) error {
		fields, err := v.fields()
		if err != nil {
			return err
		}
		if slices.Contains(fields, "") {
			return errors.New("a name is empty: give NAME[,NAME...]")
		}
		*at(o) = append(*at(o), fields...)
		return nil
	}
}

// types appends record types.
func types(at func(*Options) *[]uint16) setter {
	return func(o *Options, v value) error {
		t, err := rrTypes(v)
		*at(o) = append(*at(o), t...)
		return err
	}
}

// prefix appends an address or a subnet.
func prefix(at func(*Options) *[]netip.Prefix) setter {
	return func(o *Options, v value) error {
		text, err := v.text()
		if err != nil {
			return err
		}
		p, err := parsePrefix(text, 0)
		if err != nil {
			return err
		}
		*at(o) = append(*at(o), p)
		return nil
	}
}

func setNothing(*Options, value) error { return nil }

func setListen(o *Options, v value) error {
	fields, err := v.fields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		addr, err := netip.ParseAddr(f)
		if err != nil || addr.Zone() != "" {
			return fmt.Errorf("%q is no address to listen on: give ADDRESS[,ADDRESS...], without port or zone", f)
		}
		o.Listen = append(o.Listen, addr)
	}
	return nil
}

func setResolvFile(o *Options, v value) error {
	if v.raw == "" {
		o.NoResolv = true
		return nil
	}
	return paths(func(o *Options) *[]string { return &o.ResolvFiles })(o, v)
}

func setDomain(o *Options, v value) error {
	fields, err := v.fields()
	if err != nil {
		return err
	}
	if len(fields) > 1 {
		return unsupportedError{"the domain is for all hosts: give it without a range or interface"}
	}
	if o.DomainFromSearch = fields[0] == "#"; o.DomainFromSearch {
		o.Domain = ""
		return nil
	}
	o.Domain, err = parseName(fields[0])
	return err
}

func setMXTarget(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	o.mxTarget, err = parseName(text)
	return err
}

func setLogQueries(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	switch o.LogQueries = true; text {
	case "":
	case "extra", "proto":
		o.LogExtra = true
	default:
		return fmt.Errorf("%q is no kind of log: give --log-queries or --log-queries=extra", text)
	}
	return nil
}

func setLogFacility(o *Options, v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	switch {
	case strings.Contains(text, "/"):
		text = absolute(v.dir, text)
	case text != "-" && !isFacility(strings.ToLower(text)):
		return fmt.Errorf("%q is no syslog facility: give one such as daemon, a path, or - for stderr", text)
	}
	o.LogFacility = text
	return nil
}

// isFacility says whether syslog(3) has a facility of that name.
func isFacility(s string) bool {
	switch s {
	case "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "security",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7":
		return true
	}
	return false
}

func setMinCacheTTL(o *Options, v value) error {
	err := seconds(func(o *Options) *time.Duration { return &o.MinCacheTTL })(o, v)
	o.MinCacheTTL = min(o.MinCacheTTL, time.Hour)
	return err
}

func setEDNSPacketMax(o *Options, v value) error {
	err := number(func(o *Options) *int { return &o.EDNSPacketMax }, 0, maxTTL)(o, v)
	o.EDNSPacketMax = min(max(o.EDNSPacketMax, 512), 65535)
	return err
}

func setUseStale(o *Options, v value) error {
	if o.UseStale = true; v.raw == "" {
		return nil
	}
	return seconds(func(o *Options) *time.Duration { return &o.StaleFor })(o, v)
}

func setFastRetry(o *Options, v value) error {
	fields, err := v.fieldsOf(1, 2, "MILLISECONDS[,MILLISECONDS]")
	if err != nil {
		return err
	}
	delay, limit := 1000, 10_000
	if v.raw != "" {
		if delay, err = parseNumber(fields[0], 50, maxTTL); err != nil {
			return err
		}
	}
	if len(fields) == 2 && fields[1] != "" {
		if limit, err = parseNumber(fields[1], 0, maxTTL); err != nil {
			return err
		}
	}
	o.FastRetry, o.FastRetryFor = time.Duration(delay)*time.Millisecond, time.Duration(limit)*time.Millisecond
	return nil
}

func checkLogAsync(_ *Options, v value) error {
	if v.raw == "" {
		return nil
	}
	_, err := parseNumber(v.raw, 0, maxTTL)
	return err
}

func checkLocalService(_ *Options, v value) error {
	switch v.raw {
	case "", "net", "host":
		return nil
	}
	return fmt.Errorf("%q is no scope: give net or host", v.raw)
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func parseNumber(s string, least, most int) (int, error) {
	if !isNumber(s) {
		return 0, fmt.Errorf("%q is no number: give one from %d to %d", s, least, most)
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is out of range: give a number from %d to %d", s, least, most)
	}
	return n, nil
}
