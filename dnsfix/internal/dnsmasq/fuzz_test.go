package dnsmasq_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

func FuzzSplit(f *testing.F) {
	for _, tc := range splits {
		f.Add(tc.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := dnsmasq.Split(s)
		if err != nil {
			return
		}
		// Quoted again, the words are the same.
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		again, err := dnsmasq.Split(strings.Join(quoted, " "))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, again); diff != "" {
			t.Errorf("words (-first +again):\n%s", diff)
		}
	})
}

// FuzzParse reads no files: their names would be of this machine.
func FuzzParse(f *testing.F) {
	for _, tc := range accepted {
		for _, args := range forms(tc.name, tc.short, tc.value) {
			f.Add(strings.Join(args, "\n"))
		}
	}
	for _, tc := range wrong {
		f.Add(tc.args)
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, args string) {
		check(t, root, strings.Split(args, "\n"))
		check(t, root, []string{"--txt-record=a," + args})
	})
}

func check(t *testing.T, root string, args []string) {
	t.Helper()
	o, err := dnsmasq.Parser{Root: root}.ParseArgs(args)
	if (o == nil) == (err == nil) {
		t.Fatalf("ParseArgs = %v, %v", o, err)
	}
	if err != nil {
		if err.Error() == "" {
			t.Fatal("an error that says nothing")
		}
		return
	}
	o.Compile().Lookup("www.a.com")
	readable(t, o)
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{"no-hosts # x\ncache-size=5\n", `txt-record=a,"b \" # c" # d`, "server=/a/1.2.3.4\r\n", "conf-file=conf\n", "conf-dir=/,*x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if o, err := dnsmasq.ParseFile(tree(t, "conf", content), "conf"); err == nil {
			readable(t, o)
		}
	})
}

// FuzzLookup holds lookups of any bytes against the plain reading of the rules.
func FuzzLookup(f *testing.F) {
	f.Add("/a.com/1.2.3.4", "/*b.a.com/", "www.a.com")
	f.Add("//1.2.3.4", "/x/::1", "x")
	f.Add("/*.a/#", "/a/", ".a")
	f.Fuzz(func(t *testing.T, server, address, name string) {
		o, err := dnsmasq.ParseArgs([]string{"--server=" + server, "--address=" + address})
		if err != nil || strings.Contains(server+address, "/#/") || strings.Contains(server+address, "/*/") || !strings.HasPrefix(server, "/") || !strings.HasPrefix(address, "/") {
			return
		}
		if got, want := told(o.Compile(), name), plain(o, name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	})
}

// TestNothingIsRunOrExpanded: the variable comes from whoever starts the container.
func TestNothingIsRunOrExpanded(t *testing.T) {
	t.Setenv("EVIL", "--no-hosts")
	marker := t.TempDir() + "/marker"
	o, err := dnsmasq.Parse(`-Ya,$EVIL,$(touch ` + "'" + marker + "'" + `)`)
	if err == nil {
		t.Errorf("Parse = %q", o.Describe())
	}
	if out, err := exec.Command("ls", marker).CombinedOutput(); err == nil {
		t.Errorf("it has been run: %s", out)
	}
}
