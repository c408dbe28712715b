package applet_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestScanDir: what is written where s6-svscan would read, and what is said when
// nobody does.
func TestScanDir(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	control := filepath.Join(run, "service", ".s6-svscan", "control")
	if err := os.MkdirAll(filepath.Dir(control), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(control, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"BASEINIT_RUN=" + run}
	for _, argv := range [][]string{{"s6-svscanctl", "-t", run + "/service"}, {"halt"}, {"s6-svscanctl", "-t", "/nope"}} {
		got := call{argv: argv, env: env}.run(t)
		if argv[len(argv)-1] == "/nope" && got.code == 111 && strings.Contains(got.stderr, "no such file") {
			continue
		}
		if got.code != 100 || !strings.Contains(got.stderr, "it is not supervised") {
			t.Errorf("%q without a listener: %+v", argv, got)
		}
	}
	f, err := os.OpenFile(control, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, tt := range []struct {
		argv []string
		want string
		code int
	}{
		{[]string{"s6-svscanctl", "-t", run + "/service"}, "t", 0},
		{[]string{"s6-svscanctl", "-an", "/run/service/"}, "an", 0},
		{[]string{"s6-svscanctl", "-h", "/var/run/s6/services"}, "h", 0},
		{[]string{"halt"}, "t", 0},
		{[]string{"poweroff"}, "t", 0},
		{[]string{"reboot"}, "t", 0},
		{[]string{"s6-svscanctl", run + "/service"}, "", 0},
		{[]string{"s6-svscanctl", "-t"}, "", 100},
		{[]string{"s6-svscanctl", "-w", run}, "", 100},
	} {
		got := call{argv: tt.argv, env: env}.run(t)
		if _, err := f.WriteString("."); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 16)
		n, err := f.Read(buf)
		if err != nil || got.code != tt.code || string(buf[:n]) != tt.want+"." {
			t.Errorf("%q: %+v, wrote %q, %v; want %q and code %d", tt.argv, got, buf[:n], err, tt.want, tt.code)
		}
	}
}
