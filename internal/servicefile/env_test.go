package servicefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/servicefile"
)

func TestEnviron(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		text  string
		want  []string
		err   string // DIR stands for the directory
	}{
		"none":  {text: "", want: nil},
		"table": {text: "env = { B = \"2\", A = true, C = 3 }", want: []string{"A=true", "B=2", "C=3"}},
		"file": {
			files: map[string]string{"e": "# comment\n\nA=1\n  B = x # y\nC=\"q u\"\r\nD='\nE=\nexport=1"},
			text:  `env_file = "e"`, err: "cannot use DIR/e:4: it is not NAME=VALUE",
		},
		"values": {
			files: map[string]string{"e": "A=1\n  B= x # y\nC=\"q u\"\r\nD='\nE=\nF='a=b'"},
			text:  `env_file = "e"`, want: []string{"A=1", "B= x # y", "C=q u", "D='", "E=", "F=a=b"},
		},
		"the last wins": {
			files: map[string]string{"e": "A=1\n", "f": "A=2\n"}, text: "env_file = [\"e\", \"f\"]\nenv.A = \"3\"", want: []string{"A=1", "A=2", "A=3"},
		},
		"missing":      {text: `env_file = "no"`, err: `cannot read DIR/no: no such file or directory (env_file = "-DIR/no" lets it be missing)`},
		"may be":       {text: `env_file = "-no"`},
		"is no file":   {text: `env_file = "-."`, err: "cannot read DIR: it is a directory, not a file"},
		"a byte of C":  {files: map[string]string{"e": "A=\x00\n"}, text: `env_file = "e"`, err: "cannot use DIR/e:1: it is not NAME=VALUE"},
		"all that are": {files: map[string]string{"e": "A\n=\n"}, text: `env_file = ["e", "no"]`, err: "cannot use DIR/e:1: it is not NAME=VALUE\ncannot use DIR/e:2: it is not NAME=VALUE\ncannot read DIR/no: no such file or directory (env_file = \"-DIR/no\" lets it be missing)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, problems := servicefile.Parse(tt.text)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got, err := s.Environ(dir)
			text := ""
			if err != nil {
				text = strings.ReplaceAll(err.Error(), dir, "DIR")
			}
			if diff := cmp.Diff(tt.err, text); diff != "" {
				t.Errorf("error (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && tt.err == "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestRead is about what cannot be parsed.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, servicefile.Name)
	if _, _, err := servicefile.Read(path); err == nil || !os.IsNotExist(cause(err)) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, _, err := servicefile.Read(dir); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("a directory: %v", err)
	}
	if err := os.WriteFile(path, []byte("nice = 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems, err := servicefile.Read(path)
	want := path + ":1:8: nice: it is 99; it can be a number from -20 to 19"
	if err != nil || len(problems) != 1 || problems[0].Error() != want {
		t.Errorf("got %v, %v; want %q", problems, err, want)
	}
}

func cause(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}
