package logging

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/setting"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// Settings are what the command line and the environment say about syslog.
type Settings struct {
	// Off is no sink at all.
	Off bool
	// Sink is what the sink is told; its writers, its logger and whom to ask
	// for services are not in it.
	Sink syslog.Config
	// SplitStreams sends what is less severe than err to stdout.
	SplitStreams bool
	// Forward is what the forwarder is told, if it has a Target.
	Forward forward.Config
}

// List returns all settings, in the order of the documentation.
func List() []setting.Setting[Settings] {
	rows := []struct {
		name              string // after BASEINIT_SYSLOG and --syslog; "" is those themselves
		standard, meaning string
		set               func(*Settings, string) error
	}{
		{"", "on", "`on`; `off`: nothing listens; `required`: the container does not start without its sockets. With --root the default is off", setMode},
		{"listen", "/dev/log", "the sockets, separated by blanks: paths, `stream:PATH`, `udp:HOST:PORT`, `tcp:HOST:PORT`; HOST is a loopback address", func(s *Settings, v string) error {
			s.Sink.Listen = strings.Fields(v)
			return nil
		}},
		{"format", "text", "`text`, `raw`, `traditional`, `rfc5424`, `json`, `logfmt`; with BASEINIT_OUTPUT=json the default is json", func(s *Settings, v string) (err error) {
			s.Sink.Format, err = syslog.ParseFormat(v)
			return err
		}},
		{"timestamps", "0", "1: the time before each line of the text format", boolean(func(s *Settings) *bool { return &s.Sink.Timestamps })},
		{"filter", "*.*", "what is kept, as selectors of syslog.conf(5): `*.info;mail.none;web:*.warning`", func(s *Settings, v string) (err error) {
			s.Sink.Filter, err = syslog.ParseFilter(v)
			return err
		}},
		{"rate-limit", "none", "how much a service may say: `200/10s` is 200 messages in 10 seconds; what is more is counted and left out", func(s *Settings, v string) (err error) {
			s.Sink.RateLimit, err = syslog.ParseRateLimit(v)
			return err
		}},
		{"stdout", "0", "1: what is less severe than err goes to stdout", boolean(func(s *Settings) *bool { return &s.SplitStreams })},
		{"escapes", "hex", "how control characters are shown: `hex` (`\\x1b`) or `octal` (`#033`, as rsyslog does)", func(s *Settings, v string) error {
			s.Sink.OctalEscapes = v == "octal"
			if v != "octal" && v != "hex" {
				return errors.New("it can be hex or octal")
			}
			return nil
		}},
		{"max-message", "65536", "bytes that are kept of a message", number(func(s *Settings) *int { return &s.Sink.MaxMessage })},
		{"max-line", "0", "bytes that a line may have, longer ones go on in the next; 0: any number. Docker cuts at 16384, CRI-O at 8192", number(func(s *Settings) *int { return &s.Sink.MaxLine })},
		{"queue", "8388608", "bytes of messages that may wait to be written", number(func(s *Settings) *int { return &s.Sink.QueueBytes })},
		{"block", "0", "1: when the queue is full senders wait, and nothing is dropped", boolean(func(s *Settings) *bool { return &s.Sink.Block })},
		{"forward", "none", "a server that gets all messages too: `udp://HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT`", func(s *Settings, v string) error {
			s.Forward.Target = v
			return nil
		}},
		{"forward-ca", "the system's", "file of the certificates that the server's is checked by", text(func(s *Settings) *string { return &s.Forward.CAFile })},
		{"forward-cert", "none", "file of our own certificate", text(func(s *Settings) *string { return &s.Forward.CertFile })},
		{"forward-key", "none", "file of its key", text(func(s *Settings) *string { return &s.Forward.KeyFile })},
		{"forward-line-feed", "0", "1: over TCP a newline ends a message, for servers that do not know lengths", boolean(func(s *Settings) *bool { return &s.Forward.LineFeed })},
		{"forward-queue", "1048576", "bytes of messages that may wait for the server", number(func(s *Settings) *int { return &s.Forward.QueueBytes })},
		{"forward-server-name", "the host", "the name in the server's certificate", text(func(s *Settings) *string { return &s.Forward.ServerName })},
	}
	all := make([]setting.Setting[Settings], len(rows))
	for i, r := range rows {
		all[i] = setting.Setting[Settings]{
			Variable: strings.TrimSuffix("BASEINIT_SYSLOG_"+strings.ToUpper(strings.ReplaceAll(r.name, "-", "_")), "_"),
			Flag:     strings.TrimSuffix("syslog-"+r.name, "-"),
			Default:  r.standard, Meaning: r.meaning, Set: r.set,
		}
	}
	return all
}

func setMode(s *Settings, v string) (err error) {
	s.Off, s.Sink.Required, err = setting.Mode(v)
	return err
}

func text(field func(*Settings) *string) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		*field(s) = v
		return nil
	}
}

func number(field func(*Settings) *int) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return errors.New("it can be a number of bytes")
		}
		*field(s) = n
		return nil
	}
}

func boolean(field func(*Settings) *bool) func(*Settings, string) error {
	return func(s *Settings, v string) (err error) {
		*field(s), err = setting.Bool(v)
		return err
	}
}
