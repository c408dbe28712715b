//go:build linux

package applet

import (
	"path/filepath"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
)

// svscanctl is s6-svscanctl: it writes letters into the control FIFO of a scan
// directory.
func svscanctl(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "thanNqbzi0678")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	letters := make([]byte, 0, len(options))
	for _, o := range options {
		letters = append(letters, o.Letter)
	}
	return nil, tellScanDir(scanDir(p, rest[0]), string(letters))
}

// halt stops the container: halt, poweroff and reboot of s6-linux-init.
func halt(p *execline.Process, _ []string) ([]string, error) {
	return nil, tellScanDir(filepath.Join(runDir(p), "service"), "t")
}

// scanDir is the directory that a script means: where /run cannot be written, the
// container's is elsewhere.
func scanDir(p *execline.Process, name string) string {
	switch strings.TrimPrefix(filepath.Clean(name), "/var") {
	case "/run/service", "/run/s6/services":
		if run := runDir(p); run != "/run" {
			return filepath.Join(run, "service")
		}
	}
	return name
}

// tellScanDir writes letters, none too, where s6-svscan reads.
func tellScanDir(dir, letters string) error {
	return unsupervised(servicedir.Tell(filepath.Join(dir, ".s6-svscan", "control"), letters), execline.CodeUsage)
}
