package tutum_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/dnsfix/internal/links"
	"github.com/sillelien/baseinit/dnsfix/internal/tutum"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "ApiKey me:0123456789"

// api plays Tutum, with two pages of containers and one of services.
func api(t *testing.T, change func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if change != nil && change(w, r) {
			return
		}
		if r.Header.Get("Authorization") != secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		page := func(next, objects string) {
			_, _ = fmt.Fprintf(w, `{"meta": {"limit": 25, "next": %s, "total_count": 3}, "objects": [%s]}`, next, objects)
		}
		switch r.URL.RequestURI() {
		case "/api/v1/container/":
			page(`"/api/v1/container/?offset=2"`, `{"name": "web-1", "private_ip": "10.7.0.1/16", "public_dns": "web-1.me.cont.tutum.io"}, {"name": "gone", "private_ip": null}`)
		case "/api/v1/container/?offset=2":
			page("null", `{"name": "d\u0062", "private_ip": "10.7.0.2"}, {"name": "a b\n6.6.6.6 bank", "private_ip": "10.7.0.3"}`)
			w.(http.Flusher).Flush() // chunked
		case "/api/v1/service/":
			page("null", `{"name": "web", "state": "Running"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, cfg tutum.Config) ([]links.Link, error) {
	t.Helper()
	if cfg.Auth == "" {
		cfg.Auth = secret
	}
	c, err := tutum.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return c.Hosts(ctx)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	got, err := ask(t, tutum.Config{Host: api(t, nil).URL})
	if err != nil {
		t.Fatal(err)
	}
	link := func(name, addr string) links.Link {
		return links.Link{Name: name, Addr: netip.MustParseAddr(addr), From: "Tutum"}
	}
	want := []links.Link{link("db", "10.7.0.2"), link("web-1", "10.7.0.1"), link("web-1.me.cont.tutum.io", "10.7.0.1")}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		auth  string
		cfg   tutum.Config
		serve func(w http.ResponseWriter, r *http.Request) bool
		err   string
		hosts int
	}{
		{name: "wrong secret", auth: "ApiKey me:wrong", err: "401 Unauthorized: check TUTUM_AUTH"},
		{name: "broken page", err: "not JSON", serve: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.RawQuery == "" {
				return false
			}
			_, _ = w.Write([]byte(`{"objects": [`))
			return true
		}, hosts: 2},
		{name: "no objects", err: "no objects", serve: func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte(`{}`)); return true }},
		{name: "pages in a circle", err: "the pages go on after 1", serve: func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = fmt.Fprintf(w, `{"meta": {"next": %q}, "objects": []}`, r.URL.Path)
			return true
		}},
		{name: "next page elsewhere", err: "not on", serve: func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(`{"meta": {"next": "http://thief.test/"}, "objects": []}`))
			return true
		}},
		{name: "redirect elsewhere", err: "not on", serve: func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://thief.test/", http.StatusFound)
			return true
		}},
		{name: "redirects for ever", err: "302", serve: func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return true
		}},
		{name: "too large", cfg: tutum.Config{MaxBytes: 100}, err: "and may have 100"},
		{name: "too slow", cfg: tutum.Config{Timeout: 10 * time.Millisecond}, err: "timeout", serve: func(_ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cfg := tc.cfg
			cfg.Auth, cfg.Host = tc.auth, api(t, tc.serve).URL
			hosts, err := ask(t, cfg)
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want one with %q", err, tc.err)
			}
			if err != nil && strings.Contains(err.Error(), "0123456789") {
				t.Errorf("the error %q has the secret in it", err)
			}
			if len(hosts) != tc.hosts {
				t.Errorf("%d hosts, want %d", len(hosts), tc.hosts)
			}
		})
	}
}

// What may pass is tried again.
func TestRetry(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := api(t, func(w http.ResponseWriter, _ *http.Request) bool {
		if n.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	if hosts, err := ask(t, tutum.Config{Host: s.URL}); err != nil || len(hosts) != 3 {
		t.Errorf("%v, %v", hosts, err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"ftp://x", "dashboard", "http://", "http://a b"} {
		if _, err := tutum.New(tutum.Config{Host: host}); err == nil || !strings.Contains(err.Error(), "TUTUM_REST_HOST") {
			t.Errorf("%q: error %v", host, err)
		}
	}
	if _, err := tutum.New(tutum.Config{Auth: "a\r\nX: y"}); err == nil {
		t.Error("a secret with a line break was taken")
	}
}
