package image_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestPages runs every command of README, docs and examples: each fenced block of sh and
// each Dockerfile. What each is to print stands in testdata/pages, in a script with
// the name of the page, which names blocks by their beginnings:
//
//	replace OLD NEW            in the blocks that follow, such as another base image
//	[!] block BEGINNING        run the block by bash, or build the Dockerfile from what is in
//	                           the current directory and tag it $TAG
//	start BEGINNING            run it in the background until the script ends
//	page-file FILE BEGINNING   write a block to a file: a configuration, a script
//	elsewhere BEGINNING WHY    something else runs it
func TestPages(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	repo, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	pages := readPages(t, repo)
	server := nameserver(t, "--host-record=www.example.com,192.0.2.80")
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir: "testdata/pages",
			Setup: func(env *testscript.Env) error {
				for _, name := range []string{"HOME", "GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GONOSUMDB", "GOSUMDB", "DOCKER_HOST"} {
					if value, ok := os.LookupEnv(name); ok {
						env.Setenv(name, value)
					}
				}
				env.Setenv("REPO", repo)
				env.Setenv("IMAGE", image)
				env.Setenv("BASE", base)
				env.Setenv("NAMESERVER", server) // knows www.example.com
				tag := fmt.Sprintf("baseinit-test-page-%d-%s", os.Getpid(), strings.ToLower(filepath.Base(env.WorkDir)))
				env.Setenv("TAG", tag)
				env.Defer(func() { removeContainers(tag) })
				env.Values[changesKey{}] = new([]string)
				return nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"replace":   replaceInBlocks,
				"block":     pages.run,
				"start":     pages.start,
				"elsewhere": pages.elsewhere,
				"page-file": pages.file,
			},
		})
	})
	pages.report(t)
}

// removeContainers removes those that a script has named $TAG-something, as one that has
// failed leaves them.
func removeContainers(tag string) {
	ids, _ := exec.Command("docker", "ps", "-aq", "--filter", "name=^/?"+tag+"-").Output()
	if all := strings.Fields(string(ids)); len(all) > 0 {
		_ = exec.Command("docker", append([]string{"rm", "-f"}, all...)...).Run()
	}
}

// block is a fenced piece of a page.
type block struct {
	kind string // sh and dockerfile are commands
	text string
	line int
	done bool // or nothing that can be run
}

// pages are the blocks of all pages, by the names of their scripts.
type pages struct {
	mu     sync.Mutex
	files  map[string]string
	blocks map[string][]*block
}

// readPages reads README, docs and what examples say of themselves.
func readPages(t *testing.T, repo string) *pages {
	t.Helper()
	p := &pages{files: map[string]string{}, blocks: map[string][]*block{}}
	err := fs.WalkDir(os.DirFS(repo), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && path != "docs" && !strings.HasPrefix(path, "examples"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(filepath.Join(repo, path))
		name := strings.ReplaceAll(strings.TrimSuffix(path, ".md"), "/", "-")
		p.files[name], p.blocks[name] = path, blocksOf(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// blocksOf gives the fenced blocks of a page.
func blocksOf(page string) (blocks []*block) {
	var open *block
	number, fenced := 0, false
	for line := range strings.Lines(page) {
		number++
		kind, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case fence && fenced:
			open, fenced = nil, false
		case fence:
			fenced = true
			open = &block{kind: kind, line: number + 1, done: kind != "sh" && kind != "dockerfile"}
			blocks = append(blocks, open)
		case open != nil:
			open.text += line
		}
	}
	return blocks
}

// find gives the first block of the script's page that begins so, and notes that it is run.
func (p *pages) find(ts *testscript.TestScript, beginning string) (kind, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := ts.Name()
	for _, b := range p.blocks[name] {
		if strings.HasPrefix(b.text, beginning) {
			b.done = true
			text := b.text
			for _, change := range *ts.Value(changesKey{}).(*[]string) {
				before, after, _ := strings.Cut(change, "\x00")
				text = strings.ReplaceAll(text, before, after)
			}
			return b.kind, text
		}
	}
	ts.Fatalf("%s has no block that begins with %q", p.files[name], beginning)
	return "", ""
}

type changesKey struct{}

func replaceInBlocks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: replace OLD NEW")
	}
	changes := ts.Value(changesKey{}).(*[]string)
	*changes = append(*changes, args[0]+"\x00"+args[1])
}

func (p *pages) run(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] block BEGINNING")
	}
	kind, text := p.find(ts, args[0])
	var err error
	if kind == "dockerfile" {
		file := ts.MkAbs("Dockerfile.page")
		ts.Check(os.WriteFile(file, []byte(text), 0o644))
		tag := ts.Getenv("TAG")
		ts.Defer(func() { _ = exec.Command("docker", "rmi", "-f", tag).Run() })
		err = ts.Exec("docker", "build", "--force-rm", "-t", tag, "-f", file, ts.MkAbs("."))
	} else {
		err = ts.Exec("bash", "-e", "-c", text)
	}
	if (err != nil) != neg {
		ts.Fatalf("%q: %v", args[0], err)
	}
}

// start runs a block in a process group of its own, which the end of the script kills.
func (p *pages) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: start BEGINNING")
	}
	_, text := p.find(ts, args[0])
	cmd := exec.Command("bash", "-e", "-c", text)
	cmd.Dir, cmd.SysProcAttr = ts.MkAbs("."), &syscall.SysProcAttr{Setpgid: true}
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if _, ended := errors.AsType[*exec.ExitError](cmd.Wait()); !ended {
			ts.Logf("%q ended by itself", args[0])
		}
	})
}

func (p *pages) file(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: page-file FILE BEGINNING")
	}
	_, text := p.find(ts, args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o755))
}

func (p *pages) elsewhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: elsewhere BEGINNING WHY")
	}
	p.find(ts, args[0])
}

// report names the commands that nothing has run.
func (p *pages) report(t *testing.T) {
	t.Helper()
	for name, blocks := range p.blocks {
		for _, b := range blocks {
			if !b.done {
				first, _, _ := strings.Cut(b.text, "\n")
				t.Errorf("%s:%d: no script runs it (testdata/pages/%s.txtar): %s", p.files[name], b.line, name, first)
			}
		}
	}
}
