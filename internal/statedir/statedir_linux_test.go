package statedir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sillelien/baseinit/internal/statedir"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Mkdir(at("ours"), 0o700), os.Mkdir(at("open"), 0o700), os.Chmod(at("open"), 0o770),
		os.WriteFile(at("file"), nil, 0o600), os.Symlink("ours", at("link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := statedir.Check(at("ours"), os.Getuid()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"open", "file", "link"} {
		if statedir.Check(at(name), os.Getuid()) == nil {
			t.Errorf("%s is taken for ours alone", name)
		}
	}
	if statedir.Check(at("ours"), os.Getuid()+1) == nil {
		t.Error("ours is taken for somebody else's")
	}
	if err := statedir.Check(at("none"), os.Getuid()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
}
