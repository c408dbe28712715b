// Package pid1test runs a program as PID 1 of a box: new PID, mount, network,
// UTS and IPC namespaces with a root directory of its own, in about 10 ms. It
// is `docker run` for tests, without Docker: a test says what the box holds,
// runs it, waits for what it prints, signals it, and looks at its exit code.
//
//	func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }
//
//	func TestExitCode(t *testing.T) {
//		t.Parallel()
//		run := pid1test.Run(t, pid1test.Box{
//			Binary: pid1test.Build(t),                  // becomes /init
//			Args:   []string{"sh", "-c", "echo up; sleep 9; exit 7"}, // CMD
//			Env:    []string{"S6_LOGGING=0"},
//			Files: map[string]string{
//				"/etc/services.d/web/run": "#!/bin/sh\nexec sleep 1000\n",
//			},
//			Mode:  map[string]fs.FileMode{"/etc/services.d/web/run": 0o644},
//			Tmpfs: []string{"/run:noexec"},
//		})
//		run.WaitFor("up")
//		run.Signal(syscall.SIGTERM)
//		if got := run.Wait(); got.Code != 143 {
//			t.Errorf("exit code %d, want 143", got.Code)
//		}
//	}
//
// What surprises: the test binary is started again to set the box up, and that
// copy becomes the program with execve(2). So TestMain must call [Main], and a
// package that forgets it gets a fatal error that says so.
//
// The box is as Docker makes it: /init is the binary, /bin/sh and all applets
// are busybox, /etc knows root, nobody (65534) and app (999:999), /var/run is
// /run; /proc is mounted (with /proc/sys read-only), /dev is a tmpfs with its
// own pts, the environment is PATH, HOSTNAME and HOME, the loopback is up, PID
// 1 leads a session, and root holds Docker's fourteen capabilities and not more.
// Programs that are not static run in it with Box.Host: then /usr is the
// machine's, and all else the box's own, also /dev, where /dev/log would be.
// Everything that fails in the set-up, a program that lives longer than
// Box.Timeout and a text that never comes are t.Fatal, with the output so far.
//
// It needs root, or user namespaces (then only uid 0 exists in the box), and
// the package busybox-static. Where those are missing [Need] skips the test
// with the reason, and with CI=true or BASEINIT_TEST_STRICT=1 fails it. The
// package is for Linux alone: its users are files named *_linux_test.go.
package pid1test
