//go:build linux

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/httpd"
)

// mode is that of the socket. The kernel takes it over from the descriptor when that is
// bound, less the umask: there is no moment in which somebody else could connect.
const mode = 0o600

// Listen makes the socket. What an earlier life has left there is removed; what somebody
// else listens on is not, nor is anything that is no socket, and a link is not followed.
func Listen(path string) (net.Listener, error) {
	l, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on the control socket %s: %w", path, reason(err))
	}
	return l, nil
}

// reason is an error of the net package without what it repeats.
func reason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	if op, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(err, fs.ErrExist) {
		return op.Err
	}
	return err
}

func listen(path string) (net.Listener, error) {
	err := os.Mkdir(filepath.Dir(path), 0o755)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if errors.Is(err, fs.ErrExist) { // there may be something at path only then
		err = clearPath(path)
	}
	if err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if cerr := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), mode) }); cerr != nil {
			return cerr
		}
		return err
	}}
	return config.Listen(context.Background(), "unix", path)
}

// clearPath removes what an earlier life has left at path.
func clearPath(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("there is something that is no socket (%s)", info.Mode())
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
		return errors.New("another process listens there (BASEINIT_CONTROL or --control names another path)")
	}
	if !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(path)
}

// Serve serves the API on what Listen gave, until ctx ends.
func Serve(ctx context.Context, l net.Listener, b Backend, logger *zap.Logger) error {
	return httpd.New(httpd.Config{Handler: Handler(b), Admit: admit, Problem: problem, Logger: logger}).Serve(ctx, l)
}

// admit lets root and our own user ask.
func admit(conn net.Conn) error {
	uc, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("this is no unix socket")
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	if cerr := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); cerr != nil {
		return cerr
	}
	switch {
	case err != nil:
		return fmt.Errorf("cannot find out who you are: %w", err)
	case peer.Uid == 0, int(peer.Uid) == os.Geteuid():
		return nil
	}
	return fmt.Errorf("you are uid %d: only root and uid %d may ask", peer.Uid, os.Geteuid())
}
