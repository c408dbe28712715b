package resolvconf

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"net/netip"
	"strings"
)

// Output says what is in the file for the clients. The zero value is right for a
// forwarder on 127.0.0.1.
type Output struct {
	// Server is where the forwarder listens, on port 53. Default 127.0.0.1.
	Server netip.Addr
	// Kept is the path of a copy of the original, which the first line names.
	// Default "": no copy.
	Kept string
}

// Render returns the resolv.conf that makes every program ask the forwarder, and
// ask once. original is the text that it replaces. A text that Render wrote, even if
// it was changed since, stands for the original inside: rendering twice is
// rendering once.
//
// The lines are these, and each was measured with musl 1.2.3, glibc 2.36, Go 1.26
// and busybox nslookup 1.35:
//
//   - One nameserver. musl asks all at once and takes the first answer: a second one
//     would win with its NXDOMAIN.
//   - "options ndots:0": each name is asked as it is, first. The forwarder searches.
//   - "search .": without a search line, glibc, Go and busybox nslookup search the
//     domain of the host's name, before the name itself if ndots is 1, and nslookup
//     then never asks for the name itself. In musl up to 1.2.3 the same line with
//     ndots:1 fails after 5 s; with ndots:0 it is never looked at. So both, always.
//   - Of the original's options those that change what a program is told, not how
//     servers are asked: trust-ad, no-aaaa, edns0.
//   - No timeout and no attempts: the forwarder applies those of the original to its
//     servers. Here musl would read them otherwise (timeout is the limit of the
//     whole look-up), and give up while the forwarder is still asking.
//
// The original follows as comments of at most 255 bytes, the most that musl reads.
func Render(original []byte, o Output) []byte {
	if inner, ok := Original(original); ok {
		original = inner
	}
	server := o.Server
	if !server.IsValid() {
		server = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "nameserver %s\nsearch .\noptions ndots:0%s\n", server, passedOn(Parse(original).Options))
	b.WriteString("# The original file; \"+\" where a line goes on below:\n")
	appendOriginal(&b, original)
	b.WriteString(lastLine)
	return append(firstLine(b.Bytes(), o.Kept), b.Bytes()...)
}

func passedOn(o Options) string {
	var s strings.Builder
	for _, option := range []struct {
		set  bool
		name string
	}{{o.TrustAD, " trust-ad"}, {o.NoAAAA, " no-aaaa"}, {o.EDNS0, " edns0"}} {
		if option.set {
			s.WriteString(option.name)
		}
	}
	return s.String()
}

// The first line is firstWords, the checksum of the lines below it, and sumEnd.
const (
	firstWords = "# Written by baseinit, sum "
	sumEnd     = ", original below"
	lastLine   = "# End of the original file.\n"
)

func firstLine(body []byte, kept string) []byte {
	line := start(body)
	if kept != "" {
		kept = strings.ToValidUTF8(kept[:min(len(kept), 128)], "?")
		line = append(line, " and in "+strings.Map(printable, kept)...) // one line, whatever the name
	}
	return append(line, '\n')
}

// start is what the first line above body begins with.
func start(body []byte) []byte {
	sum := crc32.ChecksumIEEE(bytes.TrimRight(body, "\n"))
	return fmt.Appendf(nil, "%s%08x%s", firstWords, sum, sumEnd)
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}

// IsOurs says whether text is what [Render] returned, of this version or another,
// and nothing was changed, added or taken away since: below the first line, which
// holds their checksum, and but for newlines at the end. Another program's
// "nameserver 127.0.0.1" is not ours, nor is Docker's 127.0.0.11.
func IsOurs(text []byte) bool {
	first, body, _ := bytes.Cut(text, []byte{'\n'})
	return bytes.HasSuffix(bytes.TrimRight(body, "\n"), []byte(strings.TrimSuffix(lastLine, "\n"))) &&
		bytes.HasPrefix(first, start(body))
}
