package resolvconf

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Limits of the C libraries (resolv.conf(5), and musl's resolvconf.c for the line).
const (
	maxServers  = 3
	maxMuslLine = 255 // bytes, the newline included
	maxNDots    = 15
	maxTimeout  = 30 // seconds
	maxAttempts = 5
)

// Parse reads the text of a resolv.conf file. It differs from the C libraries
// where these would lose what was meant: a carriage return ends a line (glibc
// takes it as a part of the last word), a line may be of any length (musl skips
// those over 255 bytes), and "#" or ";" after a space begins a comment (in a
// search line both take its words as domains). A NUL ends its line, as in C.
func Parse(text []byte) Config {
	p := parser{cfg: Config{Options: Options{NDots: 1, Timeout: 5 * time.Second, Attempts: 2}}}
	for line := range bytes.Lines(text) {
		p.line++
		p.readLine(line)
	}
	return p.cfg
}

type parser struct {
	cfg     Config
	line    int
	notedCR bool
}

// note notes what is odd. It is called in many places and for few lines: inlined, 8 kB of code more.
//
//go:noinline
func (p *parser) note(format string, args ...any) {
	p.cfg.Notes = append(p.cfg.Notes, Note{p.line, fmt.Sprintf(format, args...)})
}

func (p *parser) readLine(raw []byte) {
	keyword, args := p.split(raw)
	switch keyword {
	case "":
	case "nameserver":
		p.nameserver(args)
	case "search", "domain":
		p.search(keyword, args)
	case "options":
		for _, option := range args {
			p.option(option)
		}
	case "sortlist":
		p.note("ignored: sortlist is not supported (musl ignores it too)")
	default:
		p.note("ignored: %q is no keyword of resolv.conf(5)", keyword)
	}
}

// split returns the words of a line, without comments.
func (p *parser) split(raw []byte) (keyword string, args []string) {
	line, rest, nul := bytes.Cut(raw, []byte{0})
	if nul && len(bytes.TrimSpace(rest)) > 0 {
		p.note("the line ends at its NUL byte")
	}
	words := strings.FieldsFunc(string(line), isSpace)
	if len(words) == 0 || isComment(words[0]) {
		return "", nil
	}
	if isSpace(rune(line[0])) {
		p.note("ignored: %q is not at the beginning of the line (resolv.conf(5))", words[0])
		return "", nil
	}
	if !p.notedCR && bytes.HasSuffix(line, []byte("\r\n")) {
		p.note("glibc does not understand lines that end in a carriage return, such as this one")
		p.notedCR = true
	}
	for i, word := range words {
		if isComment(word) {
			words = words[:i]
			break
		}
	}
	if len(raw) > maxMuslLine {
		p.note("musl ignores this line of %d bytes: it is longer than %d", len(raw), maxMuslLine)
	}
	return words[0], words[1:]
}

// isSpace is isspace(3) in the C locale.
func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

func isComment(word string) bool { return word[0] == '#' || word[0] == ';' }

func (p *parser) nameserver(args []string) {
	if len(args) == 0 {
		p.note("ignored: nameserver without an address")
		return
	}
	addr, ok := parseAddr(args[0])
	if !ok {
		p.note("ignored: %q is not an IP address, and nothing else can stand here, a name or a port neither", args[0])
		return
	}
	if len(args) > 1 {
		p.note("ignored: %q after the address: a nameserver line names one server", args[1])
	}
	p.cfg.Nameservers = append(p.cfg.Nameservers, netip.AddrPortFrom(addr, 53))
	if len(p.cfg.Nameservers) > maxServers {
		p.note("the C libraries ask the first %d servers only, not %s", maxServers, addr)
	}
}

// search takes the last line that names something, as glibc does. (In musl an
// empty one takes back those before it.)
func (p *parser) search(keyword string, args []string) {
	if len(args) == 0 {
		p.note("ignored: %s without a domain", keyword)
		return
	}
	if keyword == "domain" && len(args) > 1 {
		p.note("ignored: %q: a domain line names one domain, search more", args[1])
		args = args[:1]
	}
	if p.cfg.HasSearch {
		p.note("this line replaces the search or domain line before it")
	}
	p.cfg.HasSearch, p.cfg.Search = true, nil
	seen := make(map[string]bool, len(args))
	for _, arg := range args {
		domain, ok := parseDomain(arg)
		switch {
		case !ok:
			p.note("ignored: %q is not a domain name", arg)
		case domain == "": // the root: a name is tried as it is in any case
		case seen[domain]:
			p.note("ignored: %s is repeated", domain)
		default:
			seen[domain] = true
			p.cfg.Search = append(p.cfg.Search, domain)
		}
	}
}

// parseDomain returns a domain in lower case, without a dot at its ends: glibc
// drops one in front, and both put one behind. The root's is "".
func parseDomain(word string) (domain string, ok bool) {
	word = strings.TrimPrefix(word, ".")
	if word == "" {
		return "", true
	}
	word = strings.TrimSuffix(word, ".")
	if len(word) > 253 { // 255 bytes in a message (RFC 1035, section 2.3.4)
		return "", false
	}
	for label := range strings.SplitSeq(word, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInName) {
			return "", false
		}
	}
	return strings.ToLower(word), true
}

// notInName lets underscores through: _tcp.example.com is searched somewhere.
func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}
