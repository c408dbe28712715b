//go:build linux

package check

import (
	"strings"
)

// The files that mean something in the directory of a service that runs, of a oneshot, of a bundle.
const (
	serviceFiles = "run finish down log notification-fd timeout-finish timeout-kill timeout-up timeout-down down-signal reload-signal max-death-tally " +
		"max-restarts critical dependencies dependencies.d type producer-for consumer-for pipeline-name flag-essential flag-timeout-killpg service.toml"
	oneshotFiles = "type up down timeout-up timeout-down dependencies dependencies.d flag-essential"
	bundleFiles  = "type contents contents.d"
	anyFiles     = serviceFiles + " up contents contents.d"
)

// misnamed warns of a file with almost the name of one that means something and is not there,
// unless a script has use for it.
func (c *checker) misnamed(dir, file, known string) {
	name := top(file)
	meant := nearestFile(name, strings.Fields(known))
	if meant == "" || exists(dir+"/"+meant) || meant == "run" && exists(dir+"/service.toml") {
		return
	}
	c.later = append(c.later, func() {
		if !c.isMentioned("/" + name) {
			c.find(Finding{File: dir + "/" + name, Severity: Warning, Code: UnknownFile, Text: "means nothing, and there is no " + meant, Fix: "rename it to " + meant})
		}
	})
}

// nearestFile finds the name that a file was perhaps meant to have, but not its own.
func nearestFile(name string, known []string) string {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, end := range [...]string{".sh", ".bash", ".txt"} {
		plain = strings.TrimSuffix(plain, end)
	}
	if plain == name {
		return nearest(name, known)
	}
	for _, k := range known {
		if k == plain {
			return k
		}
	}
	return nearest(plain, known)
}

// nearest finds a name that differs by so few letters from another one that this was perhaps
// meant: by none of up to four, one of up to seven, and so on. A name that is there is not
// missed.
func nearest(name string, known []string) (best string) {
	fewest := 4
	for _, k := range known {
		n := distance(name, k)
		if n == 0 {
			return ""
		}
		if allowed := min((len(k)-1)/4, 3); n <= allowed && n < fewest {
			best, fewest = k, n
		}
	}
	return best
}

// distance is how many letters must be changed, added or taken away to make one name the
// other; two that have changed places are one.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	var twice []int // the row before the last
	for i := range len(a) {
		twice, before, row = before, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := before[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, before[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], twice[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
