package forward_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// overTCP returns what a server gets.
func overTCP(t *testing.T, c forward.Config, messages ...*syslog.Message) string {
	t.Helper()
	l := listen(t)
	c.Target = "tcp://" + l.Addr().String()
	f := start(t, c)
	for _, m := range messages {
		f.Handle(m)
	}
	conn := accept(t, l)
	if err := f.stop(); err != nil {
		t.Error(err)
	}
	data, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

func accept(tb testing.TB, l net.Listener) net.Conn {
	tb.Helper()
	conn, err := l.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return conn
}

// readFrame reads an octet-counted frame.
func readFrame(r *bufio.Reader) (string, error) {
	count, err := r.ReadString(' ')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(count, " "))
	if err != nil {
		return "", fmt.Errorf("bad count: %w", err)
	}
	frame := make([]byte, n)
	_, err = io.ReadFull(r, frame)
	return string(frame), err
}

func TestFrames(t *testing.T) {
	t.Parallel()
	head := "<30>1 2026-11-23T13:30:05.123456Z host nginx 77 - "
	for _, tc := range []struct {
		name         string
		change       func(m *syslog.Message)
		octets, line string // after head
	}{
		{"plain", func(*syslog.Message) {}, `[baseinit@32473 service="web"] text`, `[baseinit@32473 service="web"] text`},
		{"no service", func(m *syslog.Message) { m.Service = "" }, "- text", "- text"},
		{"no text", func(m *syslog.Message) { m.Service, m.Text = "", nil }, "- ", "- "},
		{
			"many lines", func(m *syslog.Message) { m.Service, m.Text = "", []byte("a\nb\x00\n") },
			"- a\nb\x00\n", `- a\x0ab\x00\x0a`,
		},
		{
			"not whole", func(m *syslog.Message) { m.Service, m.Cut = "", 12 },
			"- text...[cut, 12 bytes more]", "- text...[cut, 12 bytes more]",
		},
		{
			"a service that needs escapes", func(m *syslog.Message) { m.Service = "a\"b\\c]d\ne\xff" },
			`[baseinit@32473 service="a\"b\\c\]d\x0ae` + "\uFFFD" + `"] text`, `[baseinit@32473 service="a\"b\\c\]d\x0ae` + "\uFFFD" + `"] text`,
		},
		{
			"structured data", func(m *syslog.Message) { m.StructuredData = []byte(`[a@1 b="]"][c d="\"]"]`) },
			`[baseinit@32473 service="web"][a@1 b="]"][c d="\"]"] text`, `[baseinit@32473 service="web"][a@1 b="]"][c d="\"]"] text`,
		},
		{
			"structured data without a service",
			func(m *syslog.Message) {
				m.Service, m.StructuredData = "", []byte(`[baseinit@32473 service="of another"]`)
			},
			`[baseinit@32473 service="of another"] text`, `[baseinit@32473 service="of another"] text`,
		},
		{
			"a service that is a lie", func(m *syslog.Message) {
				m.StructuredData = []byte(`[a b="c"][baseinit@32473 service="forged]"][baseinit@32473][baseinit@324730 x="y"]`)
			},
			`[baseinit@32473 service="web"][a b="c"][baseinit@324730 x="y"] text`,
			`[baseinit@32473 service="web"][a b="c"][baseinit@324730 x="y"] text`,
		},
		{
			"structured data that does not end", func(m *syslog.Message) { m.StructuredData = []byte(`[a b="]`) },
			`[baseinit@32473 service="web"][a b="] text`, `[baseinit@32473 service="web"][a b="] text`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := message("text")
			tc.change(m)
			if diff := cmp.Diff(octets(head+tc.octets), overTCP(t, forward.Config{}, m)); diff != "" {
				t.Errorf("octet counting (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(head+tc.line+"\n", overTCP(t, forward.Config{LineFeed: true}, m)); diff != "" {
				t.Errorf("newlines (-want +got):\n%s", diff)
			}
		})
	}
}

// Handle keeps nothing of the message: its buffers are used again.
func TestHandleCopies(t *testing.T) {
	t.Parallel()
	l := listen(t)
	f := start(t, forward.Config{Target: "tcp://" + l.Addr().String()})
	m := message("first")
	f.Handle(m)
	copy(m.Text, "other")
	f.Handle(m)
	conn := accept(t, l)
	if err := f.stop(); err != nil {
		t.Error(err)
	}
	data, _ := io.ReadAll(conn)
	if diff := cmp.Diff(octets(wanted("first"), wanted("other")), string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A datagram is cut where a character ends, and says so.
func TestDatagramsAreCut(t *testing.T) {
	t.Parallel()
	head := len(wanted(""))
	mark := len("...[cut, 1234567890 bytes more]")
	for _, tc := range []struct {
		name  string
		limit int
		text  string
		cut   int // of the message before
		want  string
	}{
		{"fits just", 480, strings.Repeat("x", 480-head), 0, strings.Repeat("x", 480-head)},
		{"one byte too many", 480, strings.Repeat("x", 481-head), 0, strings.Repeat("x", 480-head-mark) + fmt.Sprintf("...[cut, %d bytes more]", mark+1)},
		{"at a character", 480, strings.Repeat("é", 400), 0, ""},
		{"at another", 481, strings.Repeat("é", 400), 0, ""},
		{"of four bytes", 482, strings.Repeat("🙂", 400), 0, ""},
		{"not UTF-8", 480, strings.Repeat("\x80", 1000), 0, ""},
		{"cut before", 480, "x", 5, "x...[cut, 5 bytes more]"},
		{"cut before and again", 480, strings.Repeat("x", 480), 5, strings.Repeat("x", 480-head-mark) + fmt.Sprintf("...[cut, %d bytes more]", head+mark+5)},
		{"default", 0, strings.Repeat("x", 9000), 0, strings.Repeat("x", 8192-head-mark) + fmt.Sprintf("...[cut, %d bytes more]", 9000-8192+head+mark)},
		{"largest", 65507, strings.Repeat("x", 65507-head), 0, strings.Repeat("x", 65507-head)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := listenUDP(t)
			f := start(t, forward.Config{Target: "udp://" + server.LocalAddr().String(), MaxDatagram: tc.limit})
			m := message(tc.text)
			m.Cut = tc.cut
			f.Handle(m)
			buf := make([]byte, 1<<16)
			n, _, err := server.ReadFrom(buf)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := strings.CutPrefix(string(buf[:n]), wanted(""))
			if !ok {
				t.Fatalf("received %q", buf[:n])
			}
			if tc.want != "" && got != tc.want {
				t.Errorf("received %d bytes, %q; want %d", len(got), got[max(0, len(got)-60):], len(tc.want))
			}
			body, _, marked := strings.Cut(got, "...[cut,")
			if !strings.HasPrefix(tc.text, body) || utf8.ValidString(tc.text) && !utf8.ValidString(body) {
				t.Errorf("text is %q", body)
			}
			if tc.limit != 0 && n > tc.limit || tc.want == "" && (!marked || n < tc.limit-len(" 0123456789")-3) {
				t.Errorf("%d bytes", n)
			}
			f.mustSend()
			if cut := f.Stats().Cut == 1; cut != (len(body) < len(tc.text)) {
				t.Errorf("Cut: %v", cut)
			}
		})
	}
}

// Structured data alone may be too long.
func TestDatagramOfStructuredData(t *testing.T) {
	t.Parallel()
	server := listenUDP(t)
	f := start(t, forward.Config{Target: "udp://" + server.LocalAddr().String(), MaxDatagram: 500})
	m := message("text")
	m.StructuredData = []byte(`[a b="` + strings.Repeat("x", 1000) + `"]`)
	f.Handle(m)
	buf := make([]byte, 1<<16)
	n, _, err := server.ReadFrom(buf)
	if err != nil || n != 500 || f.Stats().Cut != 1 {
		t.Errorf("received %d bytes, %v; %+v", n, err, f.Stats())
	}
}

func listenUDP(tb testing.TB) net.PacketConn {
	tb.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { server.Close() })
	return server
}

func TestHandleAllocates(t *testing.T) {
	f := newForwarder(t, forward.Config{Target: "udp://localhost", QueueBytes: 1 << 20})
	m := message("GET /index.html HTTP/1.1 200 1234")
	m.StructuredData = []byte(`[a b="c"]`)
	for range 100 { // the first need buffers
		f.Handle(m)
	}
	// The queue itself needs one piece of memory for about a hundred messages.
	if n := testing.AllocsPerRun(4000, func() { f.Handle(m) }); n != 0 {
		t.Errorf("Handle allocates %v times", n)
	}
}

func BenchmarkHandle(b *testing.B) {
	l := listen(b)
	f := start(b, forward.Config{Target: "tcp://" + l.Addr().String(), QueueBytes: 64 << 20})
	m := message(strings.Repeat("x", 200))
	f.Handle(m)
	conn := accept(b, l)
	over := make(chan struct{})
	go func() {
		defer close(over)
		io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 64<<10))
	}()
	b.ReportAllocs()
	for b.Loop() {
		f.Handle(m)
	}
	b.StopTimer()
	f.stop()
	conn.Close()
	<-over
	b.ReportMetric(float64(f.Stats().Dropped)/float64(b.N), "dropped/op")
}
