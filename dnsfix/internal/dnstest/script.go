package dnstest

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// script is a Config.Script, line by line.
type script []*rule

// rule is a line of a script.
type rule struct {
	name  string // lower case, with a final dot: "www.ok.test.", "*.ok.test.", "*"
	rtype uint16 // 0: all

	addrs   []netip.Addr
	count   int // generated addresses
	cname   string
	data    string // of a record, in zone file form
	ttl     uint32
	rcode   int
	noSOA   bool
	silent  bool
	drop    atomic.Int64 // datagrams that are still to be dropped
	delay   time.Duration
	cut     int // records left over UDP; -1: as many as fit
	full    bool
	noEDNS  bool
	badID   bool
	badName bool
	foreign string
}

var rcodes = map[string]int{
	"nodata": dns.RcodeSuccess, "nxdomain": dns.RcodeNameError, "servfail": dns.RcodeServerFailure,
	"refused": dns.RcodeRefused, "formerr": dns.RcodeFormatError, "notimp": dns.RcodeNotImplemented,
}

func parse(text string) (script, error) {
	var s script
	var errs []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		r, err := parseRule(words)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read line %d of the script: %w", number, err))
			continue
		}
		s = append(s, r)
	}
	return s, errors.Join(errs...)
}

func parseRule(words []string) (*rule, error) {
	if len(words) < 3 {
		return nil, errors.New("it needs a name, a type and what to do")
	}
	r := &rule{name: strings.ToLower(words[0]), ttl: 60, cut: -1}
	if r.name != "*" {
		r.name = dns.Fqdn(r.name)
	}
	if words[1] != "*" {
		r.rtype = dns.StringToType[words[1]]
		if r.rtype == 0 {
			return nil, fmt.Errorf("%q is no type", words[1])
		}
	}
	for i, word := range words[2:] {
		if word == "rr" {
			r.data = strings.Join(words[2+i+1:], " ")
			_, err := dns.NewRR("x. 1 IN " + words[1] + " " + r.data) // so that serving cannot fail
			return r, err
		}
		if err := r.word(word); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// word takes a word of the line's third part.
func (r *rule) word(word string) (err error) {
	if addr, err := netip.ParseAddr(word); err == nil {
		r.addrs = append(r.addrs, addr)
		return nil
	}
	if rcode, ok := rcodes[word]; ok {
		r.rcode = rcode
		return nil
	}
	key, value, _ := strings.Cut(word, ":")
	switch key {
	case "nosoa":
		r.noSOA = true
	case "silent":
		r.silent = true
	case "oversize":
		r.full = true
	case "noedns":
		r.noEDNS = true
	case "badid":
		r.badID = true
	case "badquestion":
		r.badName = true
	case "cname":
		r.cname = dns.Fqdn(value)
	case "foreign":
		r.foreign = dns.Fqdn(value)
	case "delay":
		r.delay, err = time.ParseDuration(value)
	case "tc":
		r.cut, err = strconv.Atoi(value)
	case "ttl":
		var ttl uint64
		ttl, err = strconv.ParseUint(value, 10, 32)
		r.ttl = uint32(ttl)
	case "drop":
		var n int64
		n, err = strconv.ParseInt(value, 10, 32)
		r.drop.Store(n)
	default:
		number, ok := strings.CutPrefix(word, "x")
		if !ok {
			return fmt.Errorf("%q is no word of a script", word)
		}
		r.count, err = strconv.Atoi(number)
	}
	return err
}

// find returns the first line that fits a question, or one that says that there is
// no such name, or nothing of that type.
func (s script) find(name string, rtype uint16) *rule {
	none := &rule{rcode: dns.RcodeNameError, cut: -1}
	for _, r := range s {
		if !r.fits(name) {
			continue
		}
		if r.rtype == 0 || r.rtype == rtype {
			return r
		}
		if !strings.HasPrefix(r.name, "*") {
			none.rcode = dns.RcodeSuccess
		}
	}
	return none
}

func (r *rule) fits(name string) bool {
	name = strings.ToLower(name)
	domain, wild := strings.CutPrefix(r.name, "*")
	if !wild {
		return name == r.name
	}
	return domain == "" || strings.HasSuffix(name, domain)
}
