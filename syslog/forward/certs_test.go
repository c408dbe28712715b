package forward_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// makeCerts returns a directory with an authority, ca.pem, and with certificates by it and
// their keys: server, for logs.example, and client. other.pem is another authority,
// and stranger a client's certificate by that one.
func makeCerts(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	ca, caKey := makeCert(tb, dir, "ca", nil, nil)
	makeCert(tb, dir, "server", ca, caKey)
	makeCert(tb, dir, "client", ca, caKey)
	other, otherKey := makeCert(tb, dir, "other", nil, nil)
	makeCert(tb, dir, "stranger", other, otherKey)
	return dir
}

// makeCert writes name.pem and name.key. Without a parent it is an authority.
func makeCert(tb testing.TB, dir, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		DNSNames:              []string{"logs.example"},
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if parent == nil {
		cert.IsCA, cert.DNSNames, cert.KeyUsage = true, nil, x509.KeyUsageCertSign
		parent, parentKey = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		tb.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	writePEM(tb, filepath.Join(dir, name+".pem"), "CERTIFICATE", der)
	writePEM(tb, filepath.Join(dir, name+".key"), "PRIVATE KEY", keyDER)
	if cert, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	return cert, key
}

func writePEM(tb testing.TB, path, kind string, der []byte) {
	tb.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		tb.Fatal(err)
	}
}
