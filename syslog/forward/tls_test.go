package forward_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/syslog/forward"
)

// listenTLS is a server with the certificate of certs.
func listenTLS(t *testing.T, certs string, change func(*tls.Config)) net.Listener {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(certs+"/server.pem", certs+"/server.key")
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(certs + "/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool}
	if change != nil {
		change(config)
	}
	return tls.NewListener(recorder{listen(t)}, config)
}

// recorder is a listener whose connections keep what they have read.
type recorder struct{ net.Listener }

func (r recorder) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	return &recorded{Conn: conn}, err
}

type recorded struct {
	net.Conn
	data []byte
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.data = append(r.data, p[:n]...)
	return n, err
}

// lastRecord is the type of the last TLS record: RFC 5246, section 6.2.1.
func (r *recorded) lastRecord() (kind byte) {
	for data := r.data; len(data) >= 5; {
		kind = data[0]
		data = data[min(len(data), 5+int(binary.BigEndian.Uint16(data[3:]))):]
	}
	return kind
}

// A server that is not who it should be gets nothing, nor does one that wants another
// client; the reason is logged once, and there is a further attempt.
func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t)
	demand := func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }
	good := forward.Config{CAFile: certs + "/ca.pem", ServerName: "logs.example"}
	with := func(change func(c *forward.Config)) forward.Config {
		c := good
		change(&c)
		return c
	}
	for _, tc := range []struct {
		name   string
		config forward.Config
		server func(*tls.Config)
		want   string
	}{
		{
			"another authority", with(func(c *forward.Config) { c.CAFile = certs + "/other.pem" }), nil,
			"x509: certificate signed by unknown authority",
		},
		{
			"the system's authorities", with(func(c *forward.Config) { c.CAFile = "" }), nil,
			"x509: certificate signed by unknown authority",
		},
		{
			"another name", with(func(c *forward.Config) { c.ServerName = "other.example" }), nil,
			"x509: certificate is valid for logs.example, not other.example",
		},
		{
			"an address by default", with(func(c *forward.Config) { c.ServerName = "" }), nil,
			"x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
		},
		{
			"TLS 1.1", good, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
			"protocol version not supported",
		},
		{"no client certificate", good, demand, "certificate required"},
		{
			"no client certificate in TLS 1.2", good,
			func(c *tls.Config) { demand(c); c.MaxVersion = tls.VersionTLS12 },
			"remote error: tls",
		},
		{
			"a stranger's certificate", with(func(c *forward.Config) {
				c.CertFile, c.KeyFile = certs+"/stranger.pem", certs+"/stranger.key"
			}), demand,
			"unknown certificate authority",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := listenTLS(t, certs, tc.server)
			over := make(chan struct{})
			go func() {
				defer close(over)
				serveTLS(t, l)
			}()
			core, logs := observer.New(zap.InfoLevel)
			tc.config.Target, tc.config.Logger = "tls://"+l.Addr().String(), zap.New(core)
			f := start(t, tc.config)
			f.Handle(message("secret"))
			await(t, "further attempts", func() bool { return f.Stats().Failures >= 3 })
			if s := f.Stats(); s.Waiting != 1 {
				t.Errorf("Stats = %+v; want 1 Waiting", s)
			}
			err := f.stop()
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Run: %v; want %q", err, tc.want)
			}
			if got := fmt.Sprint(logs.All()[0].ContextMap()["error"]); logs.Len() != 1 || !strings.Contains(got, tc.want) {
				t.Errorf("%d log lines, with %q", logs.Len(), got)
			}
			l.Close()
			<-over
		})
	}
}

// serveTLS takes connections, which must bring nothing.
func serveTLS(t *testing.T, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if data, _ := io.ReadAll(conn); len(data) > 0 {
			t.Errorf("received %q", data)
		}
		conn.Close()
	}
}

// Run says goodbye as RFC 5425 asks for, and frames of any size pass, with a client
// certificate in either version.
func TestTLSDelivers(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			l := listenTLS(t, certs, func(c *tls.Config) {
				c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, version
			})
			f := start(t, forward.Config{
				Target: "tls://" + l.Addr().String(), CAFile: certs + "/ca.pem", ServerName: "logs.example",
				CertFile: certs + "/client.pem", KeyFile: certs + "/client.key",
			})
			texts := append(varied(500), strings.Repeat("long ", 20_000), "end")
			for _, text := range texts {
				f.Handle(message(text))
			}
			conn := accept(t, l)
			r := bufio.NewReader(conn)
			for i, text := range texts {
				if got, err := readFrame(r); err != nil || got != wanted(text) {
					t.Fatalf("frame %d is %.100q, %v", i, got, err)
				}
			}
			f.mustSend()
			if err := f.stop(); err != nil {
				t.Error(err)
			}
			if _, err := r.ReadByte(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			const alert = 21 // in TLS 1.3 nobody can see it
			if got := conn.(*tls.Conn).NetConn().(*recorded).lastRecord(); version == tls.VersionTLS12 && got != alert {
				t.Errorf("the last record is of type %d; want close_notify", got)
			}
		})
	}
}
