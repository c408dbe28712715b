package syslog

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Filter decides which messages are kept. A nil or zero Filter keeps all.
type Filter struct {
	general  rules
	services map[string]*rules
}

// rules are what the selectors for a service, or the general ones, have made.
type rules struct {
	// dropped has for each facility the severities that are dropped, a bit each.
	dropped [len(facilityNames)]uint8
	// named are the facilities that selectors were about.
	named [len(facilityNames)]bool
	// decided is true when it is known what becomes of the others.
	decided bool
}

// allSeverities is the set of them.
const allSeverities = 1<<len(severityNames) - 1

// ParseFilter reads selectors as those of syslog.conf(5), FACILITY.SEVERITY, with
// blanks or semicolons between them:
//
//	mail.info    of mail, keep info and what is worse, and nothing else
//	mail.=info   of mail, keep info alone, or besides what is kept by a selector before
//	mail.!err    of mail, drop err and what is worse
//	mail.!=err   of mail, drop err
//	mail.*       of mail, keep all
//	mail.none    of mail, drop all (as mail.!*)
//
// The facility can be a list with commas, or * for all. A selector is about its
// facilities alone, so what a later one says of a facility counts. For facilities
// that none names, the first decides: if it keeps something they are dropped,
// if it drops something they are kept.
//
//	*.info;mail.none   info and worse of all but mail
//	mail.none          all but mail
//	mail.info          mail alone, of which info and worse
//	*.=info;*.=notice  info and notice
//	kern.info;kern.!err   kern alone, of which info, notice and warning
//
// SERVICE: before a selector limits it to messages of that supervised service. The
// general selectors hold for services too, and those for a service come after them,
// wherever they stand:
//
//	*.warning;web:*.debug   warning and worse, of web all
//	web:*.none              all but the messages of web
//
// The facilities are kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron,
// authpriv, ftp, ntp, security, console, solaris-cron, local0 to local7 or the
// numbers 0 to 23; the severities emerg (or panic), alert, crit, err (error),
// warning (warn), notice, info, debug or 0 to 7, in any case. The text "" keeps all.
// Errors name the selector and what it may be.
func ParseFilter(s string) (*Filter, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ';' || unicode.IsSpace(r) })
	selectors := make([]selector, len(words))
	for i, word := range words {
		var err error
		if selectors[i], err = parseSelector(word); err != nil {
			return nil, fmt.Errorf("cannot use the selector %q: %w", word, err)
		}
	}
	return newFilter(selectors), nil
}

func newFilter(selectors []selector) *Filter {
	f := &Filter{services: map[string]*rules{}}
	for _, s := range selectors {
		if s.service == "" {
			f.general.apply(s)
		}
	}
	for _, s := range selectors {
		if s.service == "" {
			continue
		}
		if f.services[s.service] == nil {
			f.services[s.service] = &rules{dropped: f.general.dropped, decided: true}
		}
		f.services[s.service].apply(s)
	}
	return f
}

// Keep says whether a message passes the filter.
func (f *Filter) Keep(m *Message) bool {
	if f == nil {
		return true
	}
	r := &f.general
	if own := f.services[m.Service]; own != nil {
		r = own
	}
	return int(m.Facility) >= len(r.dropped) || r.dropped[m.Facility]&(1<<m.Severity) == 0
}

func (r *rules) apply(s selector) {
	if !r.decided && s.verb != drop {
		for i := range r.dropped {
			r.dropped[i] = allSeverities
		}
	}
	r.decided = true
	for i, about := range s.facilities {
		if !about {
			continue
		}
		switch {
		case s.verb == drop:
			r.dropped[i] |= s.severities
		case s.verb == keep && r.named[i]:
			r.dropped[i] &^= s.severities
		default:
			r.dropped[i] = allSeverities &^ s.severities
		}
		r.named[i] = true
	}
}

// selector is one of what ParseFilter reads.
type selector struct {
	service    string // or "", for all
	facilities [len(facilityNames)]bool
	severities uint8
	verb       verb
}

// verb is what a selector does with its severities.
type verb int

const (
	keepOnly verb = iota
	keep          // also
	drop
)

// parseSelector reads [SERVICE:]FACILITY[,FACILITY...].SEVERITY. The name of a
// service may have colons and dots in it, the rest has not.
func parseSelector(word string) (s selector, err error) {
	if i := strings.LastIndexByte(word, ':'); i >= 0 {
		s.service, word = word[:i], word[i+1:]
		if s.service == "" {
			return s, errors.New("the service before : has no name")
		}
	}
	list, severity, ok := strings.Cut(word, ".")
	if !ok {
		return s, errors.New("it is not FACILITY.SEVERITY, as in mail.info, *.warning or mail.none")
	}
	if err := s.setFacilities(list); err != nil {
		return s, err
	}
	err = s.setSeverities(severity)
	return s, err
}

func (s *selector) setFacilities(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		if name == "*" {
			for i := range s.facilities {
				s.facilities[i] = true
			}
			continue
		}
		facility, ok := parseFacility(name)
		if !ok {
			return fmt.Errorf("the facility %q is none of *, %s or 0 to %d", name, strings.Join(facilityNames[:], ", "), len(facilityNames)-1)
		}
		s.facilities[facility] = true
	}
	return nil
}

func (s *selector) setSeverities(text string) error {
	name, not := strings.CutPrefix(text, "!")
	name, exactly := strings.CutPrefix(name, "=")
	switch {
	case not:
		s.verb = drop
	case exactly:
		s.verb = keep
	}
	severity, ok := parseSeverity(name)
	switch {
	case ok && exactly:
		s.severities = 1 << severity
	case ok:
		s.severities = 1<<(severity+1) - 1 // the worse, the less
	case name == "*" && !exactly:
		s.severities = allSeverities
	case text == "none":
		s.severities, s.verb = allSeverities, drop
	default:
		return fmt.Errorf("the severity %q is none of *, none, %s or 0 to %d, before which there may be =, ! or !=",
			text, strings.Join(severityNames[:], ", "), len(severityNames)-1)
	}
	return nil
}
