//go:build linux

package check

import (
	"strings"

	"github.com/sillelien/baseinit/internal/nearest"
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
		return nearestName(name, known)
	}
	for _, k := range known {
		if k == plain {
			return k
		}
	}
	return nearestName(plain, known)
}

// nearestName finds a name that differs by so few letters from another one that this was perhaps
// meant: by none of up to four, one of up to seven, and so on. A name that is there is not
// missed.
func nearestName(name string, known []string) (best string) {
	fewest := 4
	for _, k := range known {
		n := nearest.Distance(name, k)
		if n == 0 {
			return ""
		}
		if allowed := min((len(k)-1)/4, 3); n <= allowed && n < fewest {
			best, fewest = k, n
		}
	}
	return best
}
