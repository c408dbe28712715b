package resolvconf

import (
	"strconv"
	"strings"
	"time"
)

// option reads one word of an options line.
func (p *parser) option(word string) {
	name, value, hasValue := strings.Cut(word, ":")
	o := &p.cfg.Options
	switch name {
	case "ndots":
		p.number(word, value, 0, maxNDots, func(n int) { o.NDots = n })
	case "timeout":
		p.number(word, value, 1, maxTimeout, func(n int) { o.Timeout = time.Duration(n) * time.Second })
	case "attempts":
		p.number(word, value, 1, maxAttempts, func(n int) { o.Attempts = n })
	default:
		// glibc 2.40 and later clear an option that has a "-" in front.
		flag, off := strings.CutPrefix(word, "-")
		if set := o.flag(flag); set != nil && !hasValue {
			*set = !off
			return
		}
		if !silent(flag) {
			p.note("ignored: %q is no option that is known", word)
		}
	}
}

func (o *Options) flag(name string) *bool {
	switch name {
	case "rotate":
		return &o.Rotate
	case "use-vc":
		return &o.UseVC
	case "edns0":
		return &o.EDNS0
	case "no-aaaa":
		return &o.NoAAAA
	case "single-request":
		return &o.SingleRequest
	case "single-request-reopen":
		return &o.SingleRequestReopen
	case "trust-ad":
		return &o.TrustAD
	case "no-tld-query", "no_tld_query":
		return &o.NoTLDQuery
	}
	return nil
}

// silent is true for the options that need no note: they concern glibc's own
// reading of the file, or are without effect in it for many years.
func silent(name string) bool {
	switch name {
	case "debug", "inet6", "no-inet6", "ip6-bytestring", "ip6-dotint", "no-ip6-dotint", "no-check-names", "no-reload", "strict-error":
		return true
	}
	return false
}

// number sets an option to its value, or to the limit that the value passes. Of
// a value that is no number, musl takes nothing, as we do, and glibc 0. In musl
// timeout:0 means that no server is asked, and attempts:0 ends the program
// with SIGFPE (up to 1.2.5): 1 is what can have been meant.
func (p *parser) number(word, value string, low, high int, set func(int)) {
	digits := value
	if i := strings.IndexFunc(value, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = value[:i]
	}
	n, err := strconv.Atoi(digits)
	if digits == "" {
		p.note("ignored: %q has no number", word)
		return
	}
	if digits != value {
		p.note("%q is read as %s", word, strings.TrimSuffix(word, value)+digits)
	}
	switch {
	case err != nil || n > high: // the only error left is that it is out of range
		p.note("%q is above the limit: taken as %d", word, high)
		n = high
	case n < low:
		p.note("%q is below the limit: taken as %d (musl fails with it)", word, low)
		n = low
	}
	set(n)
}
