package s6

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/servicefile"
)

// Definition is what a service is made of.
type Definition struct {
	// File is its service.toml, nil if it has none.
	File *servicefile.Service
	// Stamp is another one when any of its files is: by inode, size and time of change. A
	// down file does not count, for it says whether the service is started, not what it is.
	Stamp string
}

// stampDir is that of a service directory, but for what its service.toml names.
func stampDir(dir string, files []fs.DirEntry) string {
	var b strings.Builder
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		switch f.Name() {
		case "run", "finish", servicefile.Name, "critical", "notification-fd", "timeout-finish", "timeout-kill",
			"down-signal", "max-restarts", "dependencies", "dependencies.d", "log":
			b.WriteString(f.Name() + stampFile(path))
		}
		if f.Name() == "dependencies.d" {
			_, names, _ := list(path) // whose time of change is that of the directory, if this fails
			for _, n := range names {
				fmt.Fprintf(&b, " %q", n.Name())
			}
		}
	}
	return b.String()
}

// stampFile is that of one file, which need not exist. Of a directory it says that it is one.
func stampFile(path string) string {
	fi, err := os.Stat(path)
	if err != nil {
		return " -\n"
	}
	if fi.IsDir() {
		return " /\n"
	}
	var inode uint64
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return fmt.Sprintf(" %d %d %d\n", inode, fi.Size(), fi.ModTime().UnixNano())
}
