package forward_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is far more than anything here takes.
const patience = 30 * time.Second

// await polls for what nothing else tells of.
func await(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for !happened() {
		if time.Now().After(deadline) {
			tb.Fatalf("still waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// unable ends a test for which the machine lacks something.
func unable(tb testing.TB, reason string) {
	tb.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("BASEINIT_TEST_STRICT") == "1" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// running is a Forwarder whose Run runs.
type running struct {
	*forward.Forwarder
	tb     testing.TB
	cancel context.CancelFunc
	ended  chan error
}

func newForwarder(tb testing.TB, c forward.Config) *forward.Forwarder {
	tb.Helper()
	f, err := forward.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func start(tb testing.TB, c forward.Config) *running {
	tb.Helper()
	return runs(tb, newForwarder(tb, c))
}

// runs runs f until stop, or the end of the test.
func runs(tb testing.TB, f *forward.Forwarder) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Forwarder: f, tb: tb, cancel: cancel, ended: make(chan error, 1)}
	over := make(chan struct{})
	go func() {
		r.ended <- f.Run(ctx)
		close(over)
	}()
	tb.Cleanup(func() {
		cancel()
		<-over
	})
	return r
}

// stop ends Run and returns its error.
func (r *running) stop() error {
	r.cancel()
	return <-r.ended
}

// mustSend waits until everything is sent.
func (r *running) mustSend() {
	r.tb.Helper()
	await(r.tb, "all to be sent", func() bool { return r.Stats().Waiting == 0 })
}

// logged is what was logged, without fields.
func logged(logs *observer.ObservedLogs) (lines []string) {
	for _, e := range logs.All() {
		lines = append(lines, e.Level.String()+" "+e.Message)
	}
	return lines
}

// moment is when all messages are received.
var moment = time.Date(2026, 11, 23, 13, 30, 5, 123456000, time.UTC)

// message is one of a service called web.
func message(text string) *syslog.Message {
	return &syslog.Message{
		Received: moment,
		PID:      77,
		Service:  "web",
		Facility: 3,
		Severity: syslog.Informational,
		Hostname: []byte("host"),
		Tag:      []byte("nginx"),
		Text:     []byte(text),
	}
}

// wanted is how message(text) is sent, without framing.
func wanted(text string) string {
	return `<30>1 2026-11-23T13:30:05.123456Z host nginx 77 - [baseinit@32473 service="web"] ` + text
}

// octets is a frame of RFC 6587, section 3.4.1.
func octets(frames ...string) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "%d %s", len(f), f)
	}
	return b.String()
}

// varied returns n texts, all different: of one line and many, of ASCII and not, long, empty and
// hostile.
func varied(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%d ", i) + variedText(i, random)
	}
	return texts
}

func variedText(i int, random *rand.Rand) string {
	switch i % 10 {
	case 0:
		return strings.Repeat("long ", 1+random.IntN(1200))
	case 1:
		return "Traceback (most recent call last):\n  File \"x.py\", line 1\n\nError: boom"
	case 2:
		return "größe → 日本語 🙂 " + strings.Repeat("é", random.IntN(300))
	case 3:
		return "\n<0>1 2026-11-23T13:30:05Z evil kernel - - - forged\n99999 <13>x\n"
	case 4:
		return "esc \x1b[2J bell \a tab\tcr \r del \x7f " + string(rune(0x9b))
	case 5:
		return "not utf-8 \xff\xfe \xc3"
	case 6:
		return `quotes " ' \ ] [a@1 b="c"] %s %n $(x)`
	case 7:
		return ""
	case 8:
		return "  blanks around  "
	}
	return fmt.Sprintf("GET /%x HTTP/1.1 200 %d", random.Uint64(), random.IntN(10000))
}
