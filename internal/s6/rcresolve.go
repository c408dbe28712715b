package s6

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/supervisor"
)

// resolve turns names into services, and finds out what the boot starts.
func (t *rcTree) resolve() RC {
	t.pipelines()
	rc := RC{Bundles: map[string][]string{}, Files: t.files}
	for _, name := range t.order {
		n := t.nodes[name]
		for _, need := range n.needs {
			switch {
			case need == stageLegacy:
				n.late = true
			case isStage(need) && t.contents[need] == nil && t.nodes[need] == nil:
			case need == bundleBase: // is over by then, like fix-attrs.d and cont-init.d
			default:
				n.service.Requires = append(n.service.Requires, t.members(need, n.service.Dir, nil)...)
			}
		}
		slices.Sort(n.service.Requires)
		n.service.Requires = slices.DeleteFunc(slices.Compact(n.service.Requires), func(r string) bool { return r == name })
		rc.Bundles[name] = []string{name}
		if n.essential {
			rc.Essential = append(rc.Essential, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.contents)) {
		rc.Bundles[name] = t.members(name, "", nil)
	}
	base, over := t.closure(rc.Bundles[bundleBase]), map[string]bool{}
	for _, name := range base {
		if t.nodes[name].service.Oneshot {
			rc.Base = append(rc.Base, t.nodes[name].script())
			over[name] = true
		}
	}
	for _, name := range t.closure(slices.Concat(rc.Bundles[bundleUser], rc.Bundles[bundleUser2], rc.Bundles[bundleTop], base)) {
		t.nodes[name].service.Down = over[name]
	}
	for _, name := range t.order {
		n := t.nodes[name]
		if over[name] {
			continue
		}
		// What is over before the services are started is nothing to wait for.
		n.service.Requires = slices.DeleteFunc(n.service.Requires, func(r string) bool { return over[r] })
		if t.isLate(name, map[string]bool{}) {
			rc.Late = append(rc.Late, name)
		}
		rc.Services = append(rc.Services, n.service)
	}
	return rc
}

// script is a oneshot as a boot script.
func (n *rcNode) script() Script {
	return Script{Name: n.service.Name, Path: filepath.Join(n.service.Dir, "up"), Argv: n.service.Command}
}

// pipelines ties producers to consumers, and names pipelines as bundles.
func (t *rcTree) pipelines() {
	for _, name := range t.order {
		n := t.nodes[name]
		for _, producer := range n.feeds {
			file := filepath.Join(n.service.Dir, "consumer-for")
			if p := t.nodes[producer]; p == nil {
				t.lack(name, file, fmt.Errorf("cannot use %s: there is no longrun %q", file, producer))
			} else if p.producer != name {
				t.fail(name, file, fmt.Errorf("cannot use %s: %q is not its producer: its producer-for is %q", file, producer, p.producer))
			}
		}
		if n.producer == "" {
			continue
		}
		consumer := t.nodes[n.producer]
		if consumer == nil || consumer.service.Oneshot || !slices.Contains(consumer.feeds, name) {
			file := filepath.Join(n.service.Dir, "producer-for")
			t.lack(name, file, fmt.Errorf("cannot use %s: there is no longrun %q whose consumer-for names %q", file, n.producer, name))
			continue
		}
		n.service.LogTo = n.producer
	}
	for _, name := range t.order {
		if bundle := t.nodes[name].pipeline; bundle != "" {
			t.contents[bundle] = append(t.contents[bundle], t.upstream(name, map[string]bool{})...)
		}
	}
}

// upstream lists a consumer and all that is before it in its pipeline.
func (t *rcTree) upstream(name string, seen map[string]bool) []string {
	if seen[name] || t.nodes[name] == nil {
		return nil
	}
	seen[name] = true
	all := []string{name}
	for _, producer := range t.nodes[name].feeds {
		all = append(all, t.upstream(producer, seen)...)
	}
	return all
}

// members lists the services that a name stands for; by names the file's directory that it
// is written in.
func (t *rcTree) members(name, by string, path []string) (all []string) {
	if t.nodes[name] != nil {
		return []string{name}
	}
	if t.broken[name] {
		return nil // and said to be
	}
	contents, known := t.contents[name]
	if slices.Contains(path, name) {
		t.fail(name, t.contentFile(path[len(path)-1], name), fmt.Errorf("bundles hold each other: %s", strings.Join(append(path, name), " -> ")))
		return nil
	}
	if !known {
		switch {
		case isStage(name) || name == stageLegacy || name == bundleUser2:
		case len(path) > 0 && (path[0] == bundleBase || path[0] == bundleTop): // s6-overlay's own, which are not here
		case by != "":
			file := DependencyFile(by, name)
			t.lack("", file, fmt.Errorf("cannot use %s: there is no service %q to depend on", file, name))
		default:
			bundle := path[len(path)-1]
			t.lack("", t.contentFile(bundle, name), fmt.Errorf("cannot use the bundle %q: there is no service %q", bundle, name))
		}
		return nil
	}
	for _, member := range contents {
		all = append(all, t.members(member, "", append(slices.Clone(path), name))...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// contentFile is the file that makes a bundle hold a name.
func (t *rcTree) contentFile(bundle, name string) string {
	var file string
	for _, dir := range slices.Concat(t.sources.Overlay, t.sources.Dirs) {
		file = filepath.Join(dir, bundle, contentsFile)
		path := filepath.Join(dir, bundle, contentsDir, name)
		if _, err := os.Lstat(path); err == nil && !strings.Contains(name, "/") {
			return path
		}
		if names, err := readNames(file); err == nil && slices.Contains(names, name) {
			return file
		}
	}
	return file
}

// closure lists services with all that they require, those that are required first.
func (t *rcTree) closure(names []string) (all []string) {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		n := t.nodes[name]
		if seen[name] || n == nil {
			return
		}
		seen[name] = true
		for _, r := range n.service.Requires {
			visit(r)
		}
		if n.service.LogTo != "" {
			visit(n.service.LogTo)
		}
		all = append(all, name)
	}
	for _, name := range names {
		visit(name)
	}
	return all
}

// isLate tells whether a service comes after services.d, or needs one that does.
func (t *rcTree) isLate(name string, seen map[string]bool) bool {
	n := t.nodes[name]
	if n == nil || seen[name] {
		return false
	}
	seen[name] = true
	return n.late || slices.ContainsFunc(n.service.Requires, func(r string) bool { return t.isLate(r, seen) })
}

// shellWord finds a word in the text of a oneshot that only a shell knows what to do with:
// whoever wrote it took the text for a shell's.
func shellWord(text string) (word string, found bool) {
	for i, w := range rawWords(text) {
		switch w {
		case "&&", "||", "|", ";", ";;", "then", "fi", "done", "esac", "2>&1", ">", ">>", "<", "[", "[[":
			return w, true
		}
		if strings.HasPrefix(w, ">") || strings.HasPrefix(w, "2>") || strings.HasPrefix(w, "$(") || strings.HasSuffix(w, ";") {
			return w, true
		}
		name, _, assigns := strings.Cut(w, "=")
		if i == 0 && (assigns && isVariable(name) || w == "set" || w == "source" || w == ".") {
			return w, true
		}
	}
	return "", false
}

// rawWords splits a text at blanks outside of quotes, without its comments. Quotes stay:
// what stands in them is a program's argument and says nothing.
func rawWords(text string) (words []string) {
	var word strings.Builder
	quoted, escaped := false, false
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for text != "" {
		c := text[0]
		text = text[1:]
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '#' && word.Len() == 0:
			_, text, _ = strings.Cut(text, "\n")
			continue
		case strings.IndexByte(" \t\r\n", c) >= 0:
			end()
			continue
		}
		word.WriteByte(c)
	}
	end()
	return words
}

func isVariable(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Wanted lists the services that are started with the container.
func Wanted(services []supervisor.Service) (names []string) {
	for i := range services {
		if !services[i].Down {
			names = append(names, services[i].Name)
		}
	}
	return names
}

// Order puts the services of services.d between those of s6-rc, the late ones of which come
// after them.
func (rc *RC) Order(legacy []supervisor.Service) {
	early := slices.DeleteFunc(Wanted(rc.Services), func(name string) bool { return slices.Contains(rc.Late, name) })
	names := make([]string, len(legacy))
	for i := range legacy {
		names[i] = legacy[i].Name
		legacy[i].After = append(slices.Clip(legacy[i].After), early...)
	}
	for i := range rc.Services {
		if s := &rc.Services[i]; slices.Contains(rc.Late, s.Name) {
			s.After = append(slices.Clip(s.After), names...)
		}
	}
}

// Tables are the bundles, and what each service requires, as text: "NAME\tOTHER..." a
// line, sorted by name.
func (rc *RC) Tables() (bundles, requires string) {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(rc.Bundles)) {
		fmt.Fprintln(&text, strings.Join(append([]string{name}, rc.Bundles[name]...), "\t"))
	}
	bundles = text.String()
	text.Reset()
	for _, s := range rc.Services {
		line := append([]string{s.Name}, s.Requires...)
		if s.LogTo != "" {
			line = append(line, s.LogTo)
		}
		fmt.Fprintln(&text, strings.Join(line, "\t"))
	}
	return bundles, text.String()
}
