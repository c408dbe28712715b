package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/supervisor/program"
)

// tree makes programs below a directory, and gives it.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"bin/run": 0o755, "bin/locked": 0o644, "other/locked": 0o755} {
		path := filepath.Join(dir, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("#!/no/such -x\n"), mode))
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	t.Parallel()
	dir := tree(t)
	for _, test := range []struct {
		name, path, cwd, want string
		is                    error
	}{
		{"run", dir + "/none:" + dir + "/bin", "", dir + "/bin/run", nil},
		{"run", "bin", dir, "bin/run", nil},
		{"run", "", dir + "/bin", "./run", nil},
		{"locked", dir + "/bin:" + dir + "/other", "", dir + "/other/locked", nil},
		{"locked", dir + "/bin", "", "cannot start locked: found in PATH, and not executable", syscall.EACCES},
		{"bin", dir, "", "cannot start bin: found in PATH", syscall.EACCES},
		{"none", dir + "/bin", "", "cannot start none: no such program in PATH", syscall.ENOENT},
		{"./none", dir + "/bin", "", "./none", nil}, // execve(2) will tell
	} {
		// Of equal names the last counts.
		got, err := program.Find(test.name, []string{"PATH=/bin", "PATH=" + test.path + ":", "A=b"}, test.cwd)
		if err != nil {
			got = err.Error()
		}
		if !errors.Is(err, test.is) || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s in %q from %q: %q, want %q", test.name, test.path, test.cwd, got, test.want)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	dir := tree(t)
	for _, test := range []struct {
		path, cwd string
		errno     error
		want      string
	}{
		{dir + "/bin/run", "", syscall.ENOENT, `no such interpreter "#!/no/such -x"`},
		{"bin/run", dir, syscall.ENOENT, "cannot start " + dir + `/bin/run: no such interpreter "#!/no/such -x"`},
		{"bin/run", dir + "/none", syscall.ENOENT, "cannot enter its directory " + dir + "/none"},
		{dir + "/bin/locked", "", syscall.EACCES, "not executable: chmod +x it"},
		{dir + "/bin/run", "", syscall.EACCES, "permission denied: by its mode"},
		{dir + "/bin", "", syscall.EACCES, "is a directory"},
		{dir + "/none", "", syscall.ENOENT, "no such file or directory"},
		{dir + "/bin/run", "", syscall.ENOMEM, "cannot allocate memory"},
	} {
		err := program.Explain(test.path, test.cwd, test.errno)
		if !errors.Is(err, test.errno) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s from %q: %v, want %q", test.path, test.cwd, err, test.want)
		}
	}
	for name, want := range map[string]bool{"bin/run": true, "bin": false, "none": false} {
		if got := program.IsText(name, dir); got != want {
			t.Errorf("%s is text: %t, want %t", name, got, want)
		}
	}
}
