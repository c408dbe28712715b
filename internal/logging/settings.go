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

// of is a setting of syslog. Its name stands after BASEINIT_SYSLOG and --syslog; "" is those
// themselves.
func of(name, def, meaning string, set func(*Settings, string) error) setting.Setting[Settings] {
	return setting.Setting[Settings]{
		Variable: strings.TrimSuffix("BASEINIT_SYSLOG_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), "_"),
		Flag:     strings.TrimSuffix("syslog-"+name, "-"),
		Default:  def, Meaning: meaning, Set: set,
	}
}

// List returns all settings, in the order of the documentation.
func List() []setting.Setting[Settings] {
	return []setting.Setting[Settings]{
		of("", "on", "`on`; `off`: nothing listens; `required`: the container does not start without its sockets. With --root the default is off", setMode),
		of("listen", "/dev/log", "the sockets, separated by blanks: paths, `stream:PATH`, `udp:HOST:PORT`, `tcp:HOST:PORT`; HOST is a loopback address", func(s *Settings, v string) error {
			s.Sink.Listen = strings.Fields(v)
			return nil
		}),
		of("format", "text", "`text`, `raw`, `traditional`, `rfc5424`, `json`, `logfmt`; with BASEINIT_OUTPUT=json the default is json", func(s *Settings, v string) (err error) {
			s.Sink.Format, err = syslog.ParseFormat(v)
			return err
		}),
		of("timestamps", "0", "1: the time before each line of the text format", boolean(func(s *Settings) *bool { return &s.Sink.Timestamps })),
		of("filter", "*.*", "what is kept, as selectors of syslog.conf(5): `*.info;mail.none;web:*.warning`", func(s *Settings, v string) (err error) {
			s.Sink.Filter, err = syslog.ParseFilter(v)
			return err
		}),
		of("rate-limit", "none", "how much a service may say: `200/10s` is 200 messages in 10 seconds; what is more is counted and left out", func(s *Settings, v string) (err error) {
			s.Sink.RateLimit, err = syslog.ParseRateLimit(v)
			return err
		}),
		of("stdout", "0", "1: what is less severe than err goes to stdout", boolean(func(s *Settings) *bool { return &s.SplitStreams })),
		of("escapes", "hex", "how control characters are shown: `hex` (`\\x1b`) or `octal` (`#033`, as rsyslog does)", func(s *Settings, v string) error {
			s.Sink.OctalEscapes = v == "octal"
			if v != "octal" && v != "hex" {
				return errors.New("it can be hex or octal")
			}
			return nil
		}),
		of("max-message", "65536", "bytes that are kept of a message", number(func(s *Settings) *int { return &s.Sink.MaxMessage })),
		of("max-line", "0", "bytes that a line may have, longer ones go on in the next; 0: any number. Docker cuts at 16384, CRI-O at 8192", number(func(s *Settings) *int { return &s.Sink.MaxLine })),
		of("queue", "8388608", "bytes of messages that may wait to be written", number(func(s *Settings) *int { return &s.Sink.QueueBytes })),
		of("block", "0", "1: when the queue is full senders wait, and nothing is dropped", boolean(func(s *Settings) *bool { return &s.Sink.Block })),
		of("forward", "none", "a server that gets all messages too: `udp://HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT`", func(s *Settings, v string) error {
			s.Forward.Target = v
			return nil
		}),
		of("forward-ca", "the system's", "file of the certificates that the server's is checked by", text(func(s *Settings) *string { return &s.Forward.CAFile })),
		of("forward-cert", "none", "file of our own certificate", text(func(s *Settings) *string { return &s.Forward.CertFile })),
		of("forward-key", "none", "file of its key", text(func(s *Settings) *string { return &s.Forward.KeyFile })),
		of("forward-line-feed", "0", "1: over TCP a newline ends a message, for servers that do not know lengths", boolean(func(s *Settings) *bool { return &s.Forward.LineFeed })),
		of("forward-queue", "1048576", "bytes of messages that may wait for the server", number(func(s *Settings) *int { return &s.Forward.QueueBytes })),
		of("forward-server-name", "the host", "the name in the server's certificate", text(func(s *Settings) *string { return &s.Forward.ServerName })),
	}
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
