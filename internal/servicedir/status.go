//go:build linux

// Package servicedir is the protocol of s6's service directories, as s6-supervise(8)
// speaks it and programs such as s6-svc, s6-svstat and s6-svwait, ours and the C ones,
// expect it:
//
//	supervise/control      a FIFO that takes commands, a letter each
//	supervise/status       the present state, see Status
//	supervise/death_tally  when and how the last runs ended, see Death
//	event/                 a fifodir: whoever makes a FIFO in it hears of changes
//
// It imports little, since commands that scripts call often do.
package servicedir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/rawfile"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// Status is how a service stands.
type Status struct {
	Changed time.Time // when it went up or down
	Ready   time.Time // when it became ready, or ready to be started
	PID     int       // of its run program; 0: it is down
	Code    int       // how the last run ended: its code,
	Signal  int       // or the signal that killed it

	Paused    bool // stopped by s6-svc -p
	Finishing bool // down, and its finish program runs
	WantedUp  bool
	IsReady   bool // up and ready, or down and ready to be started
}

// The flags of a status file.
const (
	flagPaused = 1 << iota
	flagFinishing
	flagWanted
	flagReady
)

// size is that of a status file of s6 2.11: two TAI64N stamps, a pid, a status of
// wait(2) and flags, big endian.
const size = 2*tai64n.PackedLength + 8 + 2 + 1

func (s *Status) encode() []byte {
	buf := make([]byte, 0, size)
	buf = tai64n.AppendPacked(buf, s.Changed)
	buf = tai64n.AppendPacked(buf, s.Ready)
	buf = binary.BigEndian.AppendUint64(buf, uint64(s.PID))
	buf = binary.BigEndian.AppendUint16(buf, uint16(s.Code<<8|s.Signal))
	var flags byte
	for i, set := range [...]bool{s.Paused, s.Finishing, s.WantedUp, s.IsReady} {
		if set {
			flags |= 1 << i
		}
	}
	return append(buf, flags)
}

// Write puts a status into a service directory, at once and whole.
func (s *Status) Write(dir string) error {
	return replace(filepath.Join(dir, "supervise", "status"), s.encode())
}

// replace writes a file beside the one that it replaces.
func replace(path string, data []byte) error {
	err := os.WriteFile(path+".new", data, 0o644)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// ErrUnsupervised is for a directory that nobody supervises.
var ErrUnsupervised = errors.New("it is not supervised")

// ReadStatus reads the status of a service directory that is supervised.
func ReadStatus(dir string) (Status, error) {
	if !Supervised(dir) {
		return Status{}, fmt.Errorf("cannot read the status of %s: %w", dir, ErrUnsupervised)
	}
	data, err := read(filepath.Join(dir, "supervise", "status"), size+1)
	if err == nil && len(data) != size {
		err = fmt.Errorf("it has %d bytes instead of %d", len(data), size)
	}
	if err != nil {
		return Status{}, fmt.Errorf("cannot read the status of %s: %w", dir, err)
	}
	wait, flags := binary.BigEndian.Uint16(data[size-3:]), data[size-1]
	return Status{
		Changed: tai64n.ParsePacked(data), Ready: tai64n.ParsePacked(data[tai64n.PackedLength:]),
		PID:  int(binary.BigEndian.Uint64(data[2*tai64n.PackedLength:])),
		Code: int(wait >> 8), Signal: int(wait & 0x7f),
		Paused: flags&flagPaused != 0, Finishing: flags&flagFinishing != 0,
		WantedUp: flags&flagWanted != 0, IsReady: flags&flagReady != 0,
	}, nil
}

// Up tells whether the service runs.
func (s *Status) Up() bool { return s.PID != 0 && !s.Finishing }

// NormallyUp tells whether a service is started with the container: it has no down file.
func NormallyUp(dir string) bool {
	var st syscall.Stat_t
	return syscall.Stat(filepath.Join(dir, "down"), &st) != nil
}

// read reads a small file without the runtime's poller, which would take descriptors
// that programs run next may want.
func read(path string, limit int) ([]byte, error) {
	fd, err := open(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	buf := make([]byte, limit)
	n := 0
	for n < limit {
		more, err := syscall.Read(fd, buf[n:])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
		if more == 0 {
			break
		}
		n += more
	}
	return buf[:n], nil
}

// open opens a FIFO or a file without waiting for anybody.
func open(path string, flags int) (int, error) {
	return rawfile.Open(path, flags|syscall.O_NONBLOCK)
}
