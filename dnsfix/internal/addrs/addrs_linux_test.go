package addrs_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/dnsfix/internal/addrs"
	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWatch(t *testing.T) {
	pid1test.NeedRoot(t)
	pid1test.NeedProgram(t, "/sbin/ip", "iproute2")
	if os.Getenv("ADDRS_IN_NET") == "" {
		t.Parallel()
		cmd := exec.Command("unshare", "-n", os.Args[0], "-test.run", "^TestWatch$", "-test.v")
		cmd.Env = append(os.Environ(), "ADDRS_IN_NET=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestWatch") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	ip := func(args ...string) {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	changes, ended := make(chan struct{}, 100), make(chan error)
	go func() { ended <- addrs.Watch(ctx, func() { changes <- struct{}{} }) }()
	ip("link", "set", "lo", "up") // it may come before Watch
	for seen := false; !seen; {   // Watch may begin later
		ip("addr", "add", "10.0.0.1/32", "dev", "lo")
		ip("addr", "del", "10.0.0.1/32", "dev", "lo")
		select {
		case <-changes:
			seen = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	ip("addr", "add", "10.0.0.1/32", "dev", "lo")
	<-changes
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
