package image_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/scenario"
)

// TestExitCodes walks the table of exit codes.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	needImage(t)
	playAll(t, scenario.ExitCodes(t, "../docs/exit-codes.md"))
}

// TestLives plays what cmd/baseinit plays in boxes.
func TestLives(t *testing.T) {
	t.Parallel()
	needImage(t)
	playAll(t, scenario.Lives())
}

// TestTrees plays service trees of all tiers.
func TestTrees(t *testing.T) {
	t.Parallel()
	needImage(t)
	playAll(t, scenario.Trees())
}

func playAll(t *testing.T, scenarios []scenario.Scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.Play(t, start(t, put(t, &s), s.TTY, s.Stdin))
		})
	}
}

// put makes a container with all that the scenario has in it, and nothing of what
// it lacks. More are further flags of `docker create`.
func put(t *testing.T, s *scenario.Scenario, more ...string) (id string) {
	t.Helper()
	from := image
	if len(s.Without) > 0 || s.ReadOnly {
		from = derive(t, s) // nothing can be copied into a read-only container
	}
	id = create(t, slices.Concat(flags(s), more, []string{from}, s.Args)...)
	if from == image {
		dockerWith(t, archive(t, s), "cp", "-", id+":/")
	}
	return id
}

// derive makes an image of what a scenario has in it.
func derive(t *testing.T, s *scenario.Scenario) string {
	t.Helper()
	id := create(t, slices.Concat([]string{"--entrypoint=rm", image, "-rf", "/nothing"}, s.Without)...)
	docker(t, "start", "-a", id)
	dockerWith(t, archive(t, s), "cp", "-", id+":/")
	derived := docker(t, "commit", "--change", `ENTRYPOINT ["/init"]`, "--change", "CMD []", id)
	t.Cleanup(func() { docker(t, "rmi", derived) })
	return derived
}

// flags are what `docker create` needs for a scenario.
func flags(s *scenario.Scenario) []string {
	var args []string
	for _, env := range s.Env {
		args = append(args, "-e", env)
	}
	for _, mount := range s.Tmpfs {
		args = append(args, "--tmpfs", mount)
	}
	for _, flag := range []struct {
		flag string
		on   bool
	}{
		{fmt.Sprintf("--user=%d:%d", s.UID, s.GID), s.UID != 0 || s.GID != 0},
		{"--read-only", s.ReadOnly},
		{"--cap-drop=ALL", s.DropCaps},
		{"--security-opt=no-new-privileges", s.NoNewPrivs},
		{"-i", s.Stdin != "" || s.TTY},
		{"-t", s.TTY},
	} {
		if flag.on {
			args = append(args, flag.flag)
		}
	}
	return args
}

// archive is the scenario's files as a tar archive.
func archive(t *testing.T, s *scenario.Scenario) []byte {
	t.Helper()
	a := archiver{t: t, mode: s.Mode, seen: map[string]bool{"/": true, ".": true}}
	a.w = tar.NewWriter(&a.buf)
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		text := s.Files[name]
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if strings.HasSuffix(name, "/") {
			a.directories(path.Clean(name))
			continue
		}
		a.directories(path.Dir(name))
		a.add(tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text))}, mode, text)
	}
	for name, target := range s.Links {
		a.directories(path.Dir(name))
		a.add(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}, 0o777, "")
	}
	if err := a.w.Close(); err != nil {
		t.Fatal(err)
	}
	return a.buf.Bytes()
}

type archiver struct {
	t    *testing.T
	buf  bytes.Buffer
	w    *tar.Writer
	mode map[string]fs.FileMode
	seen map[string]bool
}

// directories adds a directory and those that it is in.
func (a *archiver) directories(dir string) {
	if a.seen[dir] {
		return
	}
	a.seen[dir] = true
	a.directories(path.Dir(dir))
	a.add(tar.Header{Typeflag: tar.TypeDir, Name: dir}, 0o755, "")
}

func (a *archiver) add(h tar.Header, mode fs.FileMode, text string) {
	a.t.Helper()
	if own, ok := a.mode[h.Name]; ok {
		mode = own
	}
	h.Mode = int64(mode)
	h.Name = strings.TrimPrefix(h.Name, "/")
	err := a.w.WriteHeader(&h)
	if err == nil {
		_, err = a.w.Write([]byte(text))
	}
	if err != nil {
		a.t.Fatal(err)
	}
}
