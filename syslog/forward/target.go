package forward

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
)

// target is where messages go.
type target struct {
	network    string // udp, tcp or tls
	host, port string
}

// defaultPort is that of RFC 5426, of custom for TCP (RFC 6587 has none), and of RFC
// 5425. It is "" for what is not a network here.
func defaultPort(network string) string {
	switch network {
	case "udp", "tcp":
		return "514"
	case "tls":
		return "6514"
	}
	return ""
}

// parseTarget reads udp://HOST[:PORT], tcp://... or tls://...
func parseTarget(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return target{}, fmt.Errorf("cannot forward: %w", err)
	}
	t := target{u.Scheme, u.Hostname(), u.Port()}
	setDefault(&t.port, defaultPort(t.network))
	port, err := strconv.Atoi(t.port)
	switch {
	case t.host == "" || defaultPort(t.network) == "":
		err = errors.New("it must be udp://HOST, tcp://HOST or tls://HOST, with :PORT behind it if need be")
	case err != nil || port < 1 || port > 65535:
		err = errors.New("a port is a number from 1 to 65535")
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		err = errors.New("there is more than a host and a port")
	}
	if err != nil {
		return target{}, fmt.Errorf("cannot forward to %q: %w", text, err)
	}
	return t, nil
}

func (t target) address() string { return net.JoinHostPort(t.host, t.port) }

// String is the target as Config.Target has it, with its port.
func (t target) String() string { return t.network + "://" + t.address() }

// tls returns nil unless the target wants it.
func (c *Config) tls(t target) (*tls.Config, error) {
	if t.network != "tls" {
		return nil, nil
	}
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12,
		ServerName: c.ServerName,
		// So that a piece of up to 16 KiB is one record, which arrives as
		// a whole or not at all.
		DynamicRecordSizingDisabled: true,
	}
	setDefault(&cfg.ServerName, t.host)
	var errs []error
	if c.CAFile != "" {
		pool, err := readAuthorities(c.CAFile)
		cfg.RootCAs = pool
		errs = append(errs, err)
	}
	if c.CertFile != "" || c.KeyFile != "" {
		cert, err := readCertificate(c.CertFile, c.KeyFile)
		cfg.Certificates = []tls.Certificate{cert}
		errs = append(errs, err)
	}
	return cfg, errors.Join(errs...)
}

func readAuthorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the authorities' certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot use %s: there is no certificate in it", file)
	}
	return pool, nil
}

func readCertificate(certFile, keyFile string) (tls.Certificate, error) {
	switch "" {
	case keyFile:
		return tls.Certificate{}, fmt.Errorf("cannot use the certificate %s without a key", certFile)
	case certFile:
		return tls.Certificate{}, fmt.Errorf("cannot use the key %s without a certificate", keyFile)
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return cert, fmt.Errorf("cannot use the certificate %s with the key %s: %w", certFile, keyFile, err)
	}
	return cert, nil
}
