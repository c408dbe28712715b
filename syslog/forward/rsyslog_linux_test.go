package forward_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/syslog/forward"
)

// rsyslog is a real rsyslogd, that writes what it receives into a file.
type rsyslog struct {
	tb      testing.TB
	network string
	dir     string
	address string // of its own within 127.0.0.0/8: the port is always free
	cmd     *exec.Cmd
	died    chan struct{}
}

// separator ends a message in the file. No message has it.
const separator = "\n=-=-= end of message =-=-=\n"

var addresses atomic.Uint32

// newRsyslog writes a configuration; input is what is said about the input.
func newRsyslog(tb testing.TB, network, input string) *rsyslog {
	tb.Helper()
	if _, err := exec.LookPath("rsyslogd"); err != nil {
		unable(tb, "needs rsyslogd, with TLS: apt-get install rsyslog rsyslog-openssl")
	}
	pid := os.Getpid()
	r := &rsyslog{
		tb: tb, network: network, dir: tb.TempDir(),
		address: fmt.Sprintf("127.%d.%d.%d", 1+pid/250%250, 1+pid%250, addresses.Add(1)),
	}
	conf := `
global(workDirectory="` + r.dir + `" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off" net.enableDNS="off")
template(name="raw" type="list") { property(name="rawmsg") constant(value="` + strings.ReplaceAll(separator, "\n", `\n`) + `") }
` + strings.ReplaceAll(input, "ADDRESS", r.address) + `
action(type="omfile" file="` + r.out() + `" template="raw")
`
	if err := os.WriteFile(r.dir+"/conf", []byte(conf), 0o600); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.kill(syscall.SIGKILL) })
	return r
}

func (r *rsyslog) out() string    { return filepath.Join(r.dir, "out") }
func (r *rsyslog) target() string { return r.network + "://" + r.address + ":5514" }

func (r *rsyslog) start() *rsyslog {
	r.tb.Helper()
	r.cmd = exec.Command("rsyslogd", "-n", "-f", r.dir+"/conf", "-i", r.dir+"/pid")
	log := filepath.Join(r.dir, "log")
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer file.Close()
	r.cmd.Stdout, r.cmd.Stderr = file, file
	if err := r.cmd.Start(); err != nil {
		r.tb.Fatal(err)
	}
	died := make(chan struct{})
	r.died = died
	go func() {
		r.cmd.Wait()
		close(died)
	}()
	await(r.tb, "rsyslogd to listen", func() bool {
		select {
		case <-died:
			text, _ := os.ReadFile(log)
			r.tb.Fatalf("rsyslogd has ended: %s", text)
		default:
		}
		return r.listens()
	})
	return r
}

// listens looks for its socket in proc_net(5), as a connection would be a message.
func (r *rsyslog) listens() bool {
	kind := "tcp"
	if r.network == "udp" {
		kind = "udp"
	}
	var ip [4]int
	fmt.Sscanf(r.address, "%d.%d.%d.%d", &ip[0], &ip[1], &ip[2], &ip[3])
	local := fmt.Sprintf("%02X%02X%02X%02X:%04X 00000000:0000", ip[3], ip[2], ip[1], ip[0], 5514)
	table, err := os.ReadFile("/proc/net/" + kind)
	return err == nil && strings.Contains(string(table), local)
}

func (r *rsyslog) signal(sig syscall.Signal) {
	r.tb.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.tb.Fatal(err)
	}
}

func (r *rsyslog) kill(sig syscall.Signal) {
	if r.cmd == nil {
		return
	}
	r.cmd.Process.Signal(sig)
	<-r.died
	r.cmd = nil
}

// received returns the messages in the file.
func (r *rsyslog) received() []string {
	data, err := os.ReadFile(r.out())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.tb.Fatal(err)
	}
	messages := strings.Split(string(data), separator)
	return messages[:len(messages)-1]
}

// count is len(received()), cheaper.
func (r *rsyslog) count() int {
	data, _ := os.ReadFile(r.out())
	return bytes.Count(data, []byte(separator))
}

const (
	tcpInput = `module(load="imtcp") input(type="imtcp" address="ADDRESS" port="5514")`
	udpInput = `module(load="imudp") input(type="imudp" address="ADDRESS" port="5514" rcvbufSize="4m")`
)

// tlsInput is for a server with certificates of dir. auth: anon, or x509/certvalid to ask
// for the client's.
func tlsInput(dir, auth string) string {
	return `global(defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="` + dir + `/ca.pem"
 defaultNetstreamDriverCertFile="` + dir + `/server.pem" defaultNetstreamDriverKeyFile="` + dir + `/server.key")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="` + auth + `")
input(type="imtcp" address="ADDRESS" port="5514")`
}

// Whatever is in a message arrives, once, in order and complete.
func TestRsyslogReceivesEverything(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t)
	for name, tc := range map[string]struct {
		network, input string
		config         forward.Config
	}{
		"udp": {"udp", udpInput, forward.Config{}},
		"tcp": {"tcp", tcpInput, forward.Config{}},
		"lf":  {"tcp", tcpInput, forward.Config{LineFeed: true}},
		"tls": {"tls", tlsInput(certs, "anon"), forward.Config{CAFile: certs + "/ca.pem", ServerName: "logs.example"}},
		"tls with client certificate": {"tls", tlsInput(certs, "x509/certvalid"), forward.Config{
			CAFile: certs + "/ca.pem", ServerName: "logs.example",
			CertFile: certs + "/client.pem", KeyFile: certs + "/client.key",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newRsyslog(t, tc.network, tc.input).start()
			tc.config.Target = server.target()
			f := start(t, tc.config)
			const total = 5000
			var want []string
			for i, text := range varied(total) {
				f.Handle(message(text))
				switch {
				case tc.config.LineFeed:
					want = append(want, wanted(escaped(text)))
				default:
					want = append(want, strings.TrimSuffix(wanted(text), "\n")) // rsyslog takes one off
				}
				if i%100 == 99 { // the queue is bounded, and so is the socket's buffer of UDP
					await(t, "rsyslogd to keep up", func() bool { return server.count() == i+1 })
				}
			}
			if err := f.stop(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, server.received()); diff != "" {
				t.Errorf("received (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(forward.Stats{Sent: total, Connections: 1}, f.Stats()); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// escaped is what is expected of text on one line.
func escaped(text string) string {
	var b strings.Builder
	for i, r := range text {
		size := len(string(r))
		if r == '\uFFFD' {
			size = 1
		}
		if r == '\t' || r != '\uFFFD' && strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(text[i : i+size]) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// A server that is not there at first, or is away for a while, gets everything.
func TestRsyslogComesLateAndRestarts(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			input := map[string]string{"udp": udpInput, "tcp": tcpInput}[network]
			server := newRsyslog(t, network, input)
			core, logs := observer.New(zap.InfoLevel)
			f := start(t, forward.Config{Target: server.target(), Logger: zap.New(core)})
			var want []string
			send := func(from, to int) {
				for i := from; i < to; i++ {
					f.Handle(message(strconv.Itoa(i)))
					want = append(want, wanted(strconv.Itoa(i)))
				}
			}
			for round := range 2 {
				failures := f.Stats().Failures
				send(500*round, 500*round+400)
				await(t, "the second failure", func() bool { return f.Stats().Failures >= failures+2 })
				server.start()
				send(500*round+400, 500*round+500)
				await(t, "the messages", func() bool { return server.count() == len(want) })
				await(t, "the server to be back", func() bool { return logs.Len() == 2 })
				server.kill(syscall.SIGTERM)
				if diff := cmp.Diff([]string{
					"warn cannot forward to " + server.target() + ": trying again, and keeping what there is room for",
					"info forwarding to " + server.target() + " again",
				}, logged(logs)); diff != "" {
					t.Errorf("log (-want +got):\n%s", diff)
				}
				logs.TakeAll()
			}
			if diff := cmp.Diff(want, server.received()); diff != "" {
				t.Errorf("received (-want +got):\n%s", diff)
			}
			if s := f.Stats(); s.Sent != uint64(len(want)) || s.Dropped != 0 {
				t.Errorf("Stats = %+v; want %d Sent", s, len(want))
			}
		})
	}
}

// A server that is killed again and again in the midst of the traffic loses what it had
// taken and not written. Everything else arrives, at most twice.
func TestRsyslogKilledUnderLoad(t *testing.T) {
	t.Parallel()
	server := newRsyslog(t, "tcp", tcpInput).start()
	f := start(t, forward.Config{Target: server.target(), QueueBytes: 16 << 20})
	const total, lives = 20_000, 5
	for i := range total {
		f.Handle(message(strconv.Itoa(i)))
		if i%20 == 0 {
			time.Sleep(time.Millisecond) // traffic, not a burst that a socket's buffer takes in
		}
		switch i % (total / lives) {
		case total / lives / 2:
			await(t, "messages", func() bool { return server.count() > 0 })
			server.signal(syscall.SIGKILL) // messages go on
		case total/lives/2 + 200:
			server.kill(syscall.SIGKILL)
			server.start()
		}
	}
	f.mustSend()
	f.Handle(message("last"))
	await(t, "the last message", func() bool {
		data, _ := os.ReadFile(server.out())
		return bytes.HasSuffix(data, []byte("last"+separator))
	})
	f.mustSend()
	if s := f.Stats(); s.Sent != total+1 || s.Dropped != 0 {
		t.Errorf("Stats = %+v; want %d Sent", s, total+1)
	}
	seen := map[string]int{}
	for _, m := range server.received() {
		seen[m]++
	}
	gaps, missing, twice := 0, 0, 0
	for i, last := 0, true; i < total; i++ {
		n := seen[wanted(strconv.Itoa(i))]
		switch {
		case n == 0 && last:
			gaps++
			fallthrough
		case n == 0:
			missing++
		case n > 1:
			twice++
		}
		last = n > 0
	}
	t.Logf("%d of %d messages were lost with %d servers, in %d gaps; %d arrived twice", missing, total, lives, gaps, twice)
	if gaps > lives {
		t.Errorf("%d gaps; a server that is killed leaves one", gaps)
	}
}

func allButOneInAThousand(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*999/1000]
}

// A server that hangs keeps nobody waiting, and what is dropped meanwhile is counted and
// told.
func TestRsyslogStalls(t *testing.T) {
	t.Parallel()
	server := newRsyslog(t, "tcp", tcpInput).start()
	f := start(t, forward.Config{Target: server.target(), QueueBytes: 100_000})
	f.Handle(message("begin"))
	await(t, "the first message", func() bool { return server.count() == 1 })
	text := strings.Repeat("x", 1000)
	handled := uint64(1)
	var took []time.Duration
	handle := func(text string) {
		begin := time.Now()
		f.Handle(message(text))
		took = append(took, time.Since(begin))
		handled++
		if s := f.Stats(); s.Sent+s.Dropped+s.Waiting != handled {
			t.Fatalf("Stats = %+v; want %d in all", s, handled)
		}
	}
	for range 10_000 {
		handle(text)
	}
	usual := allButOneInAThousand(took) // of this machine, as it is now
	server.signal(syscall.SIGSTOP)
	took = nil
	before := f.Stats().Dropped
	await(t, "the window to be full", func() bool {
		for range 100 {
			handle(text)
		}
		return f.Stats().Dropped > before+10_000
	})
	most, longest := allButOneInAThousand(took), slices.Max(took)
	t.Logf("%d messages; Handle took at most %v, all but one in a thousand at most %v (usual %v)", handled, longest, most, usual)
	if most > max(time.Millisecond, 4*usual) || longest > time.Second { // other processes may take the CPU away
		t.Error("Handle takes too long")
	}
	server.signal(syscall.SIGCONT)
	f.mustSend()
	handle("end")
	await(t, "the last message", func() bool {
		data, _ := os.ReadFile(server.out())
		return bytes.HasSuffix(data, []byte("end"+separator))
	})
	f.mustSend()
	var arrived, told uint64
	for _, m := range server.received() {
		var n uint64
		if _, rest, ok := strings.Cut(m, "dropped "); ok {
			if _, err := fmt.Sscanf(rest, "%d messages here", &n); err != nil {
				t.Errorf("cannot read %q: %v", m, err)
			}
			told += n
		} else {
			arrived++
		}
	}
	if s := f.Stats(); s.Sent != arrived || s.Dropped != told || s.Waiting != 0 || arrived+told != handled {
		t.Errorf("%d arrived, %d told to be dropped, of %d; Stats = %+v", arrived, told, handled, s)
	}
}
