package forward_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog/forward"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	form := `: it must be udp://HOST, tcp://HOST or tls://HOST, with :PORT behind it if need be`
	for _, tc := range []struct {
		config forward.Config
		want   string
	}{
		{forward.Config{}, `cannot forward to ""` + form},
		{forward.Config{Target: "logs.example"}, `cannot forward to "logs.example"` + form},
		{forward.Config{Target: "logs.example:514"}, `cannot forward to "logs.example:514"` + form},
		{forward.Config{Target: "udp:logs.example"}, `cannot forward to "udp:logs.example"` + form},
		{forward.Config{Target: "http://logs.example"}, `cannot forward to "http://logs.example"` + form},
		{forward.Config{Target: "tcp://"}, `cannot forward to "tcp://"` + form},
		{forward.Config{Target: "tcp://:514"}, `cannot forward to "tcp://:514"` + form},
		{forward.Config{Target: "tcp://h:0"}, `cannot forward to "tcp://h:0": a port is a number from 1 to 65535`},
		{forward.Config{Target: "tcp://h:65536"}, `cannot forward to "tcp://h:65536": a port is a number from 1 to 65535`},
		{forward.Config{Target: "tcp://h:syslog"}, `cannot forward: parse "tcp://h:syslog": invalid port ":syslog" after host`},
		{forward.Config{Target: "tcp://h/path"}, `cannot forward to "tcp://h/path": there is more than a host and a port`},
		{forward.Config{Target: "tcp://u@h"}, `cannot forward to "tcp://u@h": there is more than a host and a port`},
		{forward.Config{Target: "tcp://h?x=y"}, `cannot forward to "tcp://h?x=y": there is more than a host and a port`},

		{forward.Config{Target: "udp://h", LineFeed: true}, `cannot forward to udp://h:514: only tcp:// has messages that end with a newline`},
		{forward.Config{Target: "tls://h", LineFeed: true}, `cannot forward to tls://h:6514: only tcp:// has messages that end with a newline`},
		{forward.Config{Target: "tcp://h", CAFile: "x"}, `cannot forward to tcp://h:514: only tls:// has certificates and a server name`},
		{forward.Config{Target: "udp://h", ServerName: "x"}, `cannot forward to udp://h:514: only tls:// has certificates and a server name`},
		{forward.Config{Target: "udp://h", MaxDatagram: 479}, `cannot forward to udp://h:514: a datagram has 480 to 65507 bytes, not 479`},
		{forward.Config{Target: "udp://h", MaxDatagram: 65508}, `cannot forward to udp://h:514: a datagram has 480 to 65507 bytes, not 65508`},
		{forward.Config{Target: "udp://h", Timeout: -time.Second}, `cannot forward to udp://h:514: a limit is negative`},
		{forward.Config{Target: "udp://h", QueueBytes: -1}, `cannot forward to udp://h:514: a limit is negative`},

		{
			forward.Config{Target: "tls://h", CAFile: "/none.pem", CertFile: "/c.pem"},
			"cannot forward to tls://h:6514: cannot read the authorities' certificates: open /none.pem: no such file or directory\n" +
				"cannot use the certificate /c.pem without a key",
		},
		{forward.Config{Target: "tls://h", CAFile: empty}, "cannot forward to tls://h:6514: cannot use " + empty + ": there is no certificate in it"},
		{forward.Config{Target: "tls://h", KeyFile: "/k.pem"}, `cannot forward to tls://h:6514: cannot use the key /k.pem without a certificate`},
		{
			forward.Config{Target: "tls://h", CertFile: certs + "/client.pem", KeyFile: certs + "/server.key"},
			"cannot forward to tls://h:6514: cannot use the certificate " + certs + "/client.pem with the key " + certs +
				"/server.key: tls: private key does not match public key",
		},
	} {
		_, err := forward.New(tc.config)
		if err == nil {
			t.Errorf("New(%+v) succeeds; want %q", tc.config, tc.want)
		} else if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
			t.Errorf("New(%+v) (-want +got):\n%s", tc.config, diff)
		}
	}
	if _, err := forward.New(forward.Config{Target: "tls://h", CAFile: "/none.pem"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
}

func TestRunTwice(t *testing.T) {
	t.Parallel()
	f := start(t, forward.Config{Target: "udp://localhost"})
	<-f.Ready()
	if err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("the second Run: %v", err)
	}
	if err := f.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}
