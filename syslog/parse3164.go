package syslog

import "bytes"

// maxTag is twice what RFC 3164, section 4.1.3, allows: real names are longer.
const maxTag = 64

// parse3164 takes apart what follows the priority: RFC 3164, section 4.1, or
// less. libc sends a stamp and a tag, Python's SysLogHandler neither, nginx and
// logger --rfc3164 also a host. Only a sender that writes the time writes a host.
func (p *parser) parse3164(m *Message, s []byte, local bool) {
	m.Stamp, m.Text = cutStamp(s)
	if m.Stamp == nil {
		cutTag(m, m.Text)
		return
	}
	// nginx leaves an empty host's blanks; without a tag they are the text's.
	s = trimBlanks(m.Text)
	if !cutTag(m, s) {
		p.cutHost(m, s, local)
	}
}

// cutHost takes a host and the tag after it off s. On a unix socket the first
// word is more often text, so it has to be our name; else a tag has to follow.
func (p *parser) cutHost(m *Message, s []byte, local bool) {
	host, rest, _ := bytes.Cut(s, []byte{' '})
	switch {
	case local && p.isOurs(host):
		m.Hostname, m.Text = host, rest
		cutTag(m, trimBlanks(rest))
	case local && m.PID != 0 && isHost(host) && cutTag(m, trimBlanks(rest)):
		if pidOf(m.ProcID) == m.PID {
			m.Hostname = host
			return
		}
		m.Tag, m.ProcID, m.Text = nil, nil, s
	case !local && isHost(host) && cutTag(m, trimBlanks(rest)):
		if fieldValue(host) != nil {
			m.Hostname = host
		}
	}
}

// isOurs says whether host is our name, with or without a domain: logger leaves
// it out, as RFC 3164 wants.
func (p *parser) isOurs(host []byte) bool {
	domain, ok := bytes.CutPrefix(p.hostname, host)
	return ok && len(host) > 0 && (len(domain) == 0 || domain[0] == '.')
}

// isHost says whether s can be a name or an IP address, or the "-" for none.
func isHost(s []byte) bool {
	if len(s) == 0 || len(s) > maxHostname {
		return false
	}
	for _, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '%':
		default:
			return false
		}
	}
	return true
}

// cutTag takes a tag off s, "NAME: " or "NAME[PROCID]: ", and makes the rest the
// text; or it leaves m alone. The blank keeps "http://" and "12:30" in the text.
//
// The name may be empty, since libc writes ": " or "[PID]: " for an empty ident.
// But libc writes the time too: without it, "[error]: " is text.
func cutTag(m *Message, s []byte) bool {
	n := nameLen(s)
	name, rest := s[:n], s[n:]
	id, rest := cutProcID(rest)
	if len(rest) == 0 || rest[0] != ':' {
		return false
	}
	text := rest[1:]
	switch {
	case len(text) > 0 && text[0] == ' ':
		text = text[1:]
	case len(text) > 0 && text[0] != '\t':
		return false
	}
	if n == 0 {
		if m.Stamp == nil || (len(id) > 0 && pidOf(id) == 0) {
			return false
		}
		name = nil
	}
	m.Tag, m.ProcID, m.Text = name, id, text
	return true
}

// nameLen is how long the name is that s starts with: bytes that can be seen,
// also of UTF-8, but for what ends a name. A brace or a quote starts JSON or a
// quotation, not a name.
func nameLen(s []byte) int {
	if len(s) > 0 && (s[0] == '{' || s[0] == '"' || s[0] == '\'') {
		return 0
	}
	s = s[:min(len(s), maxTag)]
	for i, c := range s {
		if c <= ' ' || c == 0x7f || c == ':' || c == '[' {
			return i
		}
	}
	return len(s)
}

// cutProcID splits [PROCID] off s; without one, or with nothing in it, id is nil.
func cutProcID(s []byte) (id, rest []byte) {
	if len(s) == 0 || s[0] != '[' {
		return nil, s
	}
	for i, c := range s[1:min(len(s), maxProcID+2)] {
		switch {
		case c == ']' && i == 0:
			return nil, s[2:]
		case c == ']':
			return s[1 : 1+i], s[2+i:]
		case c <= ' ' || c == 0x7f || c == '[':
			return nil, s
		}
	}
	return nil, s
}

func trimBlanks(s []byte) []byte {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}
