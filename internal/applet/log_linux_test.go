package applet_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

const realLog = "/usr/bin/s6-log"

// programs are s6-log of ours and the real one, which tells what is right.
func programs(t testing.TB) (ours, theirs string) {
	t.Helper()
	pid1test.NeedProgram(t, realLog, "s6")
	return pid1test.Build(t), realLog
}

// running is an s6-log that runs, in a directory of its own.
type running struct {
	t              *testing.T
	cmd            *exec.Cmd
	dir            string
	in             io.WriteCloser
	stdout, stderr *said
}

// said is what a program has written so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// startLog starts one in dir; empty: in a new directory.
func startLog(t *testing.T, program, dir string, args ...string) *running {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	r := &running{t: t, dir: dir, stdout: &said{}, stderr: &said{}}
	// TZ: an hour that is not UTC's.
	r.cmd = &exec.Cmd{
		Path: program, Args: append([]string{"s6-log"}, args...), Dir: dir, Stdout: r.stdout, Stderr: r.stderr,
		Env: []string{"PATH=/usr/bin:/bin", "TZ=Asia/Kolkata"},
	}
	var err error
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	return r
}

func (r *running) send(text string) {
	r.t.Helper()
	if _, err := io.WriteString(r.in, text); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) signal(sig syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
}

// end closes the input, waits for the end and gives the code.
func (r *running) end() int {
	r.t.Helper()
	_ = r.in.Close()
	return r.wait()
}

func (r *running) wait() int {
	r.t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { _ = r.cmd.Process.Signal(syscall.SIGQUIT) })
	defer timer.Stop()
	_ = r.cmd.Wait() // the code says it
	return r.cmd.ProcessState.ExitCode()
}

// until waits until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it never came: %s", what)
		}
	}
}

// holds waits until a file has a text in it.
func (r *running) holds(file, text string) {
	r.t.Helper()
	until(r.t, text+" in "+file, func() bool {
		data, err := os.ReadFile(filepath.Join(r.dir, file))
		return err == nil && strings.Contains(string(data), text)
	})
}

// archived waits until there are n archives, and no rotation is under way.
func (r *running) archived(n int) {
	r.t.Helper()
	until(r.t, "archives", func() bool {
		found, err := filepath.Glob(filepath.Join(r.dir, "d", "@*"))
		_, perr := os.Stat(filepath.Join(r.dir, "d", "previous"))
		_, derr := os.Stat(filepath.Join(r.dir, "d", "processed"))
		return err == nil && len(found) == n && perr != nil && derr != nil
	})
}

var (
	taiStamp = regexp.MustCompile(`@4[0-9a-f]{23}`)
	isoStamp = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}  `)
)

// normal puts a word in the place of each stamp.
func normal(text string) string {
	return isoStamp.ReplaceAllString(taiStamp.ReplaceAllString(text, "TAI"), "ISO ")
}

// file is one in a log directory.
type file struct {
	Name string // without the stamp
	Mode os.FileMode
	Text string // without the stamps
}

// files gives what is in a directory, in order.
func files(t *testing.T, dir string) []file {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var all []file
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		info, serr := e.Info()
		if err != nil || serr != nil {
			t.Fatal(err, serr)
		}
		all = append(all, file{normal(e.Name()), info.Mode(), normal(string(data))})
	}
	return all
}

// trace is what came of a run.
type trace struct {
	Code           int
	Stdout, Stderr string
	Dir            []file
	Status         string
}

func (r *running) trace(code int) trace {
	status, _ := os.ReadFile(filepath.Join(r.dir, "st")) // it need not be there
	var alerts strings.Builder
	for line := range strings.Lines(r.stderr.String()) {
		if strings.Contains(line, "alert: ") { // how a warning reads is our business
			alerts.WriteString(normal(line))
		}
	}
	return trace{code, normal(r.stdout.String()), alerts.String(), files(r.t, filepath.Join(r.dir, "d")), string(status)}
}

// same wants the same of both programs.
func same(t *testing.T, scenario func(t *testing.T, program string) trace) {
	t.Helper()
	ours, theirs := programs(t)
	if diff := cmp.Diff(scenario(t, theirs), scenario(t, ours)); diff != "" {
		t.Errorf("(-real +ours)\n%s", diff)
	}
}

// TestLogScripts: what scripts and options make of lines.
func TestLogScripts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20000)
	for _, tt := range []struct {
		script []string
		in     string
	}{
		{[]string{"1"}, "a\nb\n"},
		{[]string{"./d"}, "a\nb\n"},
		{[]string{"./d"}, ""},
		{[]string{"./d/"}, "a\n"},
		{[]string{"-b", "-p", "--", "n20", "s1000000", "T", "./d"}, "a\n\nb\n"},
		{[]string{"-bp", "t", "./d"}, "a\n"},
		{[]string{"t", "T", "ptag:", "./d", "1"}, "a\n"},
		{[]string{"ptag:", "p", "1", "px", "./d"}, "a\n"},
		{[]string{"ptag", "2", "E1", "2", "E0", "T", "2"}, "abcde\nf\n"},
		{[]string{"2", "ptag", "2"}, strings.Repeat("y", 203) + "\n" + strings.Repeat("z", 204) + "\n"},
		{[]string{"+a", "1", "-a", "./d"}, "a\nb\nab\n"},
		{[]string{"-", "+a", "1", "f", "./d"}, "a\nb\nab\n"},
		{[]string{"-", "+^a$", "+b|c", "1", "-", "f", "+x", "./d"}, "a\naa\nb\nc\n\nx\n"},
		{[]string{"-a", "-b", "+ab", "1"}, "a\nb\nab\nc\n"},
		{[]string{"-", `+^[[:alpha:]]+[0-9]{2,3}\.$`, "1"}, "a12.\na1.\n12.\nabc123.\n"},
		{[]string{"-", `+\bx\w\s`, "1"}, "a xy z\nxy\nayx b\n"},
		{[]string{"-", "+.*", "1", "1"}, "a\nb\n"},
		{[]string{"=st"}, "a\nb\n"},
		{[]string{"ptag", "^5", "=st"}, "a\n"},
		{[]string{"^3", "=st"}, "abcd\n"},
		{[]string{"^0", "T", "pz", "=st"}, ""},
		{[]string{"^0", "pz", "=st"}, "abcd\n"},
		{[]string{"./nope/../d"}, "a\n"},
		{[]string{"1", "n3"}, "a\n"},
		{[]string{"?", "!", "p", "./d"}, "a\n"},
		{[]string{"1"}, long + "\ny\n"},
		{[]string{"-l", "100", "./d"}, long + "\ny\n"},
		{[]string{"-l", "5", "1"}, strings.Repeat("x", 97) + "\n"},
		{[]string{"-l0", "1"}, long + long + long + long + "\ny\n"},
		{[]string{"1"}, strings.Repeat("w", 8192) + "\n" + strings.Repeat("w", 8193) + "\n"},
		{[]string{"./d", "-", "+b", "1"}, "a\x00b\n\x00\nc\x00\x00\n"},
		{[]string{"1"}, "\xff\xfe\n\r\n"},
		{[]string{"-qv", "1"}, "a\n"},
	} {
		t.Run(strings.Join(tt.script, " "), func(t *testing.T) {
			t.Parallel()
			same(t, func(t *testing.T, program string) trace {
				r := startLog(t, program, "", tt.script...)
				_, _ = io.WriteString(r.in, tt.in) // it may have ended already
				return r.trace(r.end())
			})
		})
	}
}

// TestLogMistakes: what the real one does not take, ours does not either.
func TestLogMistakes(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"", "x", "d1", "n", "n3", "nx 1", "n 1", "n-1 1", "n0x10 1", "n99999999999 1", "s10x 1", "l60000 1", "s8000 l4001 1", "r 1", "rx 1",
		"E 1", "^ 1", "S-1 1", "+( 1", "+[ 1", "-*a 1", "1x", "2x", "Tx 1", "tx 1", "fx 1", "T", "f", "=", "R 1", "F 1", "-x 1", "-l x 1", "-d 1 1",
		"-d 77 1", "-d x 1", "-l", "n010 1", "s8000 l4000 1", "l4000 s4096 1", "s1 1", "./no/d", "/proc/d", "/etc/passwd", "-- -d 1",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			same(t, func(t *testing.T, program string) trace {
				r := startLog(t, program, "", strings.Fields(args)...)
				return trace{Code: r.end()}
			})
		})
	}
}

// TestLogLastLine: a line without an end is one. The real one, 2.11, forgets it.
func TestLogLastLine(t *testing.T) {
	t.Parallel()
	r := startLog(t, pid1test.Build(t), "", "./d", "1")
	r.send("a\nb")
	if got := r.trace(r.end()); got.Stdout != "a\nb\n" || got.Dir[0].Text != "a\nb\n" {
		t.Errorf("%+v", got)
	}
}

// TestLogOldForms: options -t and -e and the directive e were those of s6 before 2.11.
func TestLogOldForms(t *testing.T) {
	t.Parallel()
	r := startLog(t, pid1test.Build(t), "", "-t", "-e", "1", "e", "./d")
	r.send("a\n")
	got := r.trace(r.end())
	if got.Stdout != "a\n" || got.Stderr != "s6-log: alert: TAI a\n" || got.Dir[0].Text != "TAI a\n" {
		t.Errorf("%+v", got)
	}
}

// TestLogReady: who asks is told when the directory is locked.
func TestLogReady(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := &exec.Cmd{Path: pid1test.Build(t), Args: []string{"s6-log", "-d3", "./d"}, Dir: t.TempDir(), ExtraFiles: []*os.File{w}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	text, err := io.ReadAll(r)
	if _, serr := os.Stat(cmd.Dir + "/d/current"); err != nil || string(text) != "\n" || serr != nil {
		t.Errorf("%q, %v, %v", text, err, serr)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestLogStamp: the local time is that of the environment which a word has made.
func TestLogStamp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, want string }{{"Asia/Kolkata", "+0530"}, {"", "+0000"}} {
		before := time.Now()
		got := call{argv: []string{"export", "TZ", tt.zone, "s6-log", "T", "1"}, stdin: "x\n"}.run(t)
		stamp, rest, _ := strings.Cut(strings.TrimSuffix(got.stdout, "\n"), "  ")
		at, err := time.Parse("2006-01-02 15:04:05.000000000 -0700", stamp+" "+tt.want)
		if err != nil || rest != "x" || at.Before(before) || at.After(time.Now()) {
			t.Errorf("TZ=%s: %+v, %v", tt.zone, got, err)
		}
	}
}

// TestLogInScript: it is one of the words of a script.
func TestLogInScript(t *testing.T) {
	t.Parallel()
	check(t, []example{
		{argv: []string{"execlineb", "-Pc", "pipeline { s6-echo hi } s6-log p$ 1"}, stdout: "$ hi\n"},
		{argv: []string{"s6-log"}, code: 100, says: "usage: s6-log"},
		{argv: []string{"s6-log", "./d", "x"}, code: 100, says: `the logging script is wrong at "x": there is no such directive`},
	})
}
