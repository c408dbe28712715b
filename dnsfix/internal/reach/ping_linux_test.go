package reach_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/dnsfix/internal/reach"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// inNet runs the test with that name in this binary once more, in a network of its own: lo has
// 127.0.0.1, and what is sent to 192.0.2.0/24 nobody gets.
func inNet(t *testing.T, setup string, uid uint32) {
	t.Helper()
	pid1test.NeedRoot(t)
	pid1test.NeedProgram(t, "/sbin/ip", "iproute2")
	cmd := exec.Command("unshare", "-n", "sh", "-ec", `
ip link set lo up
ip link add sink type veth peer name nobody
ip link set nobody up
ip addr add 198.51.100.1/24 dev sink
ip -6 addr add fd00::1/64 dev sink nodad
ip link set sink up
ip route add 192.0.2.0/24 dev sink
ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev sink
`+setup+`
exec setpriv --reuid "$UID_OF_TEST" --clear-groups "$0" -test.run "^$1\$" -test.v`, os.Args[0], t.Name())
	cmd.Env = append(os.Environ(), "REACH_IN_NET=1", fmt.Sprintf("UID_OF_TEST=%d", uid))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v:\n%s", err, out)
	}
}

func isInNet() bool { return os.Getenv("REACH_IN_NET") == "1" }

const allowPing = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range\n"

func TestPing(t *testing.T) {
	if !isInNet() {
		t.Parallel()
		inNet(t, allowPing, 12345)
		return
	}
	targets := []reach.Target{
		{Name: "one", Addr: netip.MustParseAddr("127.0.0.1")},
		{Name: "same", Addr: netip.MustParseAddr("127.0.0.1")},
		{Name: "six", Addr: netip.MustParseAddr("fd00::1")},
	}
	for i := range 250 {
		targets = append(targets, reach.Target{Name: "many", Addr: netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)})})
	}
	if err := reach.Wait(context.Background(), targets, reach.Config{Policy: reach.Ping}); err != nil {
		t.Error(err)
	}
}

// A host that does not answer is named, with what was tried, and there are lines before that.
func TestSilentHost(t *testing.T) {
	if !isInNet() {
		t.Parallel()
		inNet(t, allowPing, 12345)
		return
	}
	core, logs := observer.New(zap.InfoLevel)
	cause := errors.New("the time is over")
	for _, policy := range []reach.Policy{reach.Auto, reach.Ping, reach.TCP} {
		ctx, cancel := context.WithTimeoutCause(context.Background(), 300*time.Millisecond, cause)
		err := reach.Wait(ctx, []reach.Target{
			{Name: "up", Addr: netip.MustParseAddr("127.0.0.1"), TCP: []uint16{1}}, {Name: "db", Addr: netip.MustParseAddr("192.0.2.7"), TCP: []uint16{5432}},
		}, reach.Config{Policy: policy, Progress: 100 * time.Millisecond, Logger: zap.New(core)})
		cancel()
		var unreachable *reach.UnreachableError
		if !errors.As(err, &unreachable) || !errors.Is(err, cause) || len(unreachable.Targets) != 1 || unreachable.Targets[0].Name != "db" {
			t.Fatalf("%v: error %v", policy, err)
		}
		if !strings.Contains(err.Error(), "db (192.0.2.7): ") {
			t.Errorf("%v: error %q", policy, err)
		}
		if logs.Len() == 0 || !strings.HasPrefix(logs.All()[0].Message, "waiting for db (192.0.2.7) for 0s: ") {
			t.Errorf("%v: log %v", policy, logs.All())
		}
	}
}

// A host that comes up is noticed.
func TestHostComesUp(t *testing.T) {
	if !isInNet() {
		t.Parallel()
		inNet(t, "echo 1 0 > /proc/sys/net/ipv4/ping_group_range\n", 0) // raw sockets
		return
	}
	done := make(chan error, 1)
	go func() {
		done <- reach.Wait(context.Background(), []reach.Target{{Name: "db", Addr: netip.MustParseAddr("192.0.2.7")}, {Name: "six", Addr: netip.MustParseAddr("fd00::1")}}, reach.Config{Interval: 50 * time.Millisecond})
	}()
	if out, err := exec.Command("ip", "addr", "add", "192.0.2.7/32", "dev", "lo").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Where pings are not possible, the linked port is tried.
func TestNoPing(t *testing.T) {
	if !isInNet() {
		t.Parallel()
		inNet(t, "echo 1 0 > /proc/sys/net/ipv4/ping_group_range\n", 12345)
		return
	}
	if syscall.Getuid() != 12345 {
		t.Fatal("the test is not unprivileged")
	}
	core, logs := observer.New(zap.WarnLevel)
	cfg := reach.Config{Logger: zap.New(core)}
	lo := netip.MustParseAddr("127.0.0.1")
	if err := reach.Wait(context.Background(), []reach.Target{{Name: "db", Addr: lo, TCP: []uint16{5432}}, {Name: "web", Addr: lo}}, cfg); err != nil {
		t.Error(err)
	}
	if logs.Len() != 1 || !strings.HasPrefix(logs.All()[0].Message, "web (127.0.0.1) cannot be waited for: ") {
		t.Errorf("log %v", logs.All())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := reach.Wait(ctx, []reach.Target{{Name: "db", Addr: lo, TCP: []uint16{5432}}}, reach.Config{Policy: reach.Ping})
	if err == nil || !strings.Contains(err.Error(), "ping is not possible here") {
		t.Errorf("error %v", err)
	}
}
