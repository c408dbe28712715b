//go:build linux

package boot

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settled is when the services are up, most likely. What starting them has left
// behind is given back then: the heap is too small for the collector to do that.
const settled = time.Second

// frugal gives memory back, and keeps the heap half as large as the collector would let it
// become: 2 MB before it does anything at all instead of 4. In the boot its time counts more.
func frugal() {
	debug.SetGCPercent(50)
	debug.FreeOSMemory()
	forgetCode()
}

// forgetCode unmaps the pages of the program's file that the boot has needed; those that are
// needed again come back from the page cache, where they still are: MADV_DONTNEED of
// madvise(2). Parts of which a page was ever written, as a loader does, are left alone.
func forgetCode() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	var from, size uintptr // of the mapping that the lines are about; 0: it is not of the file
	for line := range bytes.Lines(smaps) {
		fields := bytes.Fields(line)
		switch {
		case len(fields) > 4 && !bytes.HasSuffix(fields[0], []byte(":")):
			if from, size = 0, 0; string(fields[len(fields)-1]) == exe && fields[1][1] != 'w' {
				from, size = addresses(string(fields[0]))
			}
		case size > 0 && len(fields) == 3 && string(fields[0]) == "Anonymous:" && string(fields[1]) == "0":
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, size, unix.MADV_DONTNEED)
		}
	}
}

// addresses reads those of a mapping: "400000-879000".
func addresses(text string) (from, size uintptr) {
	begin, end, _ := strings.Cut(text, "-")
	a, aerr := strconv.ParseUint(begin, 16, strconv.IntSize)
	b, berr := strconv.ParseUint(end, 16, strconv.IntSize)
	if aerr != nil || berr != nil || b < a {
		return 0, 0
	}
	return uintptr(a), uintptr(b - a)
}
