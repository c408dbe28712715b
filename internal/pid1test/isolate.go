//go:build linux

package pid1test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// isolate puts the process into the file system, the network and the host name
// of the box.
func (p *plan) isolate() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot make the mounts private: %w", err)
	}
	if err := unix.Sethostname([]byte(cmp.Or(p.Box.Hostname, hostname))); err != nil {
		return fmt.Errorf("cannot set the host name: %w", err)
	}
	if err := p.joinNetwork(); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("cannot bring the loopback up: %w", err)
	}
	if p.Box.HostRoot {
		return p.mountProc("/")
	}
	if err := p.mountAll(); err != nil {
		return err
	}
	return pivot(p.Root)
}

// joinNetwork enters the network of Box.Network. The thread takes it along into execve(2).
func (p *plan) joinNetwork() error {
	if p.Box.Network == nil {
		return nil
	}
	fd, err := unix.Open(p.Box.Network.Path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open the network namespace %s: %w", p.Box.Network.Path, err)
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("cannot enter the network namespace %s: %w", p.Box.Network.Path, err)
	}
	return nil
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// mountAll mounts what the box has under its root, while the file system
// of the machine can still be seen.
func (p *plan) mountAll() error {
	if err := bind(p.Root, p.Root); err != nil {
		return err
	}
	names, err := busybox()
	if err != nil {
		return err
	}
	if err := bind(names[0], within(p.Root, "/bin/busybox")); err != nil {
		return err
	}
	if err := p.mountHost(); err != nil {
		return err
	}
	if p.Box.Binary != "" {
		if err := bind(p.Box.Binary, within(p.Root, "/init")); err != nil {
			return err
		}
	}
	if err := p.mountProc(p.Root); err != nil {
		return err
	}
	if err := p.mountDev(); err != nil {
		return err
	}
	if p.Box.ReadOnly {
		for _, path := range []string{"/", "/dev"} {
			if err := readOnly(within(p.Root, path)); err != nil {
				return err
			}
		}
	}
	for _, mount := range p.Box.Tmpfs {
		if err := mountTmpfs(p.Root, mount); err != nil {
			return err
		}
	}
	return nil
}

// mountHost binds what Box.Host names.
func (p *plan) mountHost() error {
	for _, path := range p.Box.Host {
		info, err := os.Stat(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		target := within(p.Root, path)
		if err := makeTarget(target, info.IsDir()); err != nil {
			return err
		}
		if err := bind(path, target); err != nil {
			return err
		}
		if err := readOnly(target); err != nil {
			return err
		}
	}
	return nil
}

// makeTarget makes what a mount can cover, where there is nothing yet.
func makeTarget(path string, directory bool) error {
	if directory {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return touch(path)
}

// mountProc mounts the box's own /proc, or hides the machine's.
func (p *plan) mountProc(root string) error {
	proc := within(root, "/proc")
	if p.Box.NoProc {
		if !p.Box.HostRoot {
			return nil
		}
		return mount("tmpfs", proc, "tmpfs", 0, "")
	}
	if err := mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if p.Box.Privileged {
		return nil
	}
	sys := filepath.Join(proc, "sys")
	if err := bind(sys, sys); err != nil {
		return err
	}
	return readOnly(sys)
}

// mountDev makes /dev as runc does; the devices are the machine's, since
// mknod(2) is refused in a user namespace.
func (p *plan) mountDev() error {
	dev := within(p.Root, "/dev")
	if err := mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := touch(filepath.Join(dev, name)); err != nil {
			return err
		}
		if err := bind("/dev/"+name, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
		"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	if err := mountSub(dev, "pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"); err != nil {
		return err
	}
	return mountSub(dev, "shm", "tmpfs", "mode=1777")
}

func mountSub(dev, name, fstype, options string) error {
	path := filepath.Join(dev, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	return mount(fstype, path, fstype, unix.MS_NOSUID|unix.MS_NOEXEC, options)
}

// mountTmpfs mounts an entry of Box.Tmpfs.
func mountTmpfs(root, entry string) error {
	path, options, _ := strings.Cut(entry, ":")
	flags := map[string]uintptr{
		"noexec": unix.MS_NOEXEC, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV,
		"ro": unix.MS_RDONLY, "rw": 0, "exec": 0, "": 0,
	}
	set, rest := uintptr(0), []string{"mode=755"}
	for option := range strings.SplitSeq(options, ",") {
		if flag, ok := flags[option]; ok {
			set |= flag
		} else {
			rest = append(rest, option)
		}
	}
	return mount("tmpfs", within(root, path), "tmpfs", set, strings.Join(rest, ","))
}

// pivot makes dir, which is a mount, the root and forgets the old one:
// pivot_root(2), "pivot_root(".", ".")".
func pivot(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("cannot pivot_root to %s: %w", dir, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("cannot unmount the old root: %w", err)
	}
	return os.Chdir("/")
}

func mount(source, target, fstype string, flags uintptr, options string) error {
	if err := unix.Mount(source, target, fstype, flags, options); err != nil {
		return fmt.Errorf("cannot mount %s on %s: %w", source, target, err)
	}
	return nil
}

func bind(source, target string) error {
	return mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
}

// readOnly adds a flag to a mount and keeps its others, which a user namespace
// may not clear.
func readOnly(path string) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(-1, path, 0, &attr); err != nil {
		return fmt.Errorf("cannot make %s read-only: %w", path, err)
	}
	return nil
}

func touch(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return f.Close()
}
