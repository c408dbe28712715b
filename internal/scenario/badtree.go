package scenario

import (
	"io/fs"
	"syscall"
)

// badTrees are containers with something wrong in them: what is said names the
// file and the reason.
func badTrees() []Scenario {
	const run, first = "/etc/services.d/web/run", "/etc/cont-init.d/1"
	const user = 12345
	files := func(path, text string) map[string]string { return map[string]string{path: text} }
	flapping := func(reason string) []Step { // a service that cannot start is tried again
		return []Step{{For: run}, {For: reason, Signal: syscall.SIGTERM}}
	}
	return []Scenario{
		{Name: "bad-service-crlf", Files: files(run, "#!/bin/sh\r\nexit 0\r\n"), Steps: flapping(`"#!/bin/sh^M"`)},
		{Name: "bad-service-interpreter", Files: files(run, "#!/bin/zsh -e\n"), Steps: flapping(`no such interpreter "#!/bin/zsh -e"`)},
		{Name: "bad-service-program", Files: files(run, "\x7fELF\x02\x01\x01\x00\x00"), Mode: map[string]fs.FileMode{run: 0o755}, Steps: flapping("program for this machine")},
		{Name: "bad-service-directory", Files: files(run+"/", ""), Code: 100, Output: []string{run, "directory"}},
		{
			Name: "bad-service-fifo", Files: files(first, script("mkdir -p /etc/services.d/web; mkfifo "+run)),
			Code: 100, Output: []string{run, "FIFO"},
		},
		{
			Name: "bad-value-fifo", Files: map[string]string{run: script("exit 0"), first: script("mkfifo /etc/services.d/web/timeout-kill")},
			Code: 100, Output: []string{"/etc/services.d/web/timeout-kill", "FIFO"},
		},
		{Name: "bad-service-loop", Links: map[string]string{run: "run"}, Code: 100, Output: []string{run, "too many levels of symbolic links"}},
		{Name: "bad-service-link", Links: map[string]string{run: "/nowhere"}, Code: 100, Output: []string{run, "/nowhere"}},
		{
			Name: "bad-service-unreadable", UID: user, Files: files(run, script("exit 0")), Mode: map[string]fs.FileMode{run: 0o600},
			Code: 100, Output: []string{run, "permission denied"},
		},
		{
			Name: "bad-services-unreadable", UID: user, Files: files(run, script("exit 0")), Mode: map[string]fs.FileMode{"/etc/services.d": 0o700},
			Code: 100, Output: []string{"/etc/services.d", "permission denied"},
		},
		{
			Name: "bad-service-empty", Files: files("/etc/services.d/web/data", ""), Args: sh("exit 3"),
			Code: 3, Output: []string{"/etc/services.d/web", "has no run file"},
		},
		{
			Name: "bad-init-unreadable", UID: user, Files: files(first, script("exit 0")), Mode: map[string]fs.FileMode{first: 0o600},
			Env: []string{stopOnError}, Code: 126, Output: []string{first, "permission denied"},
		},
		{Name: "bad-init-loop", Links: map[string]string{first: "1"}, Env: []string{stopOnError}, Code: 126, Output: []string{first, "too many levels of symbolic links"}},
		{Name: "bad-init-link", Links: map[string]string{first: "/nowhere"}, Args: sh("exit 3"), Code: 3, Output: []string{first, "/nowhere"}},
		{
			Name: "bad-init-mode", Files: files(first, script("echo ran")), Mode: map[string]fs.FileMode{first: 0o644},
			Args: sh("stat -c %a " + first), Stdout: "ran\n755\n", Output: []string{first, "chmod +x"},
		},
		{
			Name: "bad-init-mode-user", UID: user, Files: files(first, "#!/bin/sh -e\necho ran; false; echo not reached\n"),
			Mode: map[string]fs.FileMode{first: 0o644}, Args: sh("exit 0"), Stdout: "ran\n", Output: []string{first, "interpreter"},
		},
		{Name: "bad-init-first-line", Files: files(first, "echo ran\n"), Mode: map[string]fs.FileMode{first: 0o755}, Args: sh("exit 0"), Stdout: "ran\n"},
		{
			Name: "bad-finish-script", Files: files("/etc/cont-finish.d/1", "#!/bin/sh\r\n"), Args: sh("exit 3"),
			Code: 3, Output: []string{"/etc/cont-finish.d/1", "#!/bin/sh^M"},
		},
	}
}
