package credential_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestUnderPID1 runs the step as a child of a real PID 1, in containers that allow much and
// hardly anything.
func TestUnderPID1(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	const none, bind = "0000000000000000", "0000000000000400"
	for name, test := range map[string]struct {
		box  pid1test.Box
		spec credential.Spec
		want string // of /proc/self/status
		says string
	}{
		"root": {
			pid1test.Box{},
			credential.Spec{User: "nobody", Capabilities: &[]string{"net_bind_service"}, NoNewPrivs: new(true), Nice: new(3)},
			"Uid 65534 65534 65534 65534\nGid 65534 65534 65534 65534\nGroups 65534\n" + capabilities(bind) + "NoNewPrivs 1\n",
			"",
		},
		"nothing is allowed": {
			pid1test.Box{UID: 1000, GID: 1000, DropCaps: true, NoNewPrivs: true, ReadOnly: true, Tmpfs: []string{"/run:noexec"}},
			credential.Spec{User: "1000", Group: "1000", Groups: []string{}, Capabilities: &[]string{}, NoNewPrivs: new(true), Nice: new(3)},
			"Uid 1000 1000 1000 1000\nGid 1000 1000 1000 1000\nGroups\n" + capabilities(none) + "NoNewPrivs 1\n",
			"",
		},
		"root without capabilities": {
			pid1test.Box{DropCaps: true},
			credential.Spec{User: "nobody"},
			"",
			"cannot set the supplementary groups [65534], which needs CAP_SETGID: operation not permitted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, wrapped := test.spec.Wrap("/init", []string{"cat", "/proc/self/status"})
			test.box.Binary, test.box.Args = pid1test.Build(t), wrapped
			test.box.Links = map[string]string{"/bin/" + credential.Name: "/init"}
			r := pid1test.Run(t, test.box)
			code := r.Wait().Code
			if test.says != "" {
				if code != credential.CodeSystem || !strings.Contains(r.Output(), test.says) {
					t.Errorf("code %d: %s", code, r.Output())
				}
				return
			}
			got := status(r.Stdout(), "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")
			if got != test.want || code != 0 {
				t.Errorf("code %d, got %s, want %s, %s", code, got, test.want, r.Output())
			}
			for _, line := range []string{"SigBlk:\t0000000000000000", ignored(t)} {
				if !strings.Contains(r.Stdout(), line) {
					t.Errorf("there is no %q in %s", line, r.Stdout())
				}
			}
		})
	}
}
