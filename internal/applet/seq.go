//go:build linux

package applet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// seq is s6-seq: the numbers from FIRST to LAST.
func seq(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "ws:")
	end, width := "\n", 0
	for _, o := range options {
		switch {
		case o.Letter == 's' && o.Arg == "":
			end = "\x00"
		case o.Letter == 's':
			end = o.Arg
		}
	}
	if !ok || len(rest) == 0 || len(rest) > 3 {
		return nil, errUsage
	}
	limits := [3]int{1, 1, 1} // the first, the step and the last
	places := [][]int{{2}, {0, 2}, {0, 1, 2}}[len(rest)-1]
	for i, text := range rest {
		n, valid := milliseconds(text)
		if !valid {
			return nil, errUsage
		}
		limits[places[i]] = n
	}
	if limits[1] == 0 {
		return nil, errUsage
	}
	if execline.Given(options)['w'] {
		width = len(strconv.Itoa(limits[2]))
	}
	var b strings.Builder
	for n := limits[0]; n <= limits[2]; n += limits[1] {
		fmt.Fprintf(&b, "%0*d%s", width, n, end)
		if b.Len() > 1<<16 {
			if err := execline.Write(1, b.String()); err != nil {
				return nil, err
			}
			b.Reset()
		}
	}
	return nil, execline.Write(1, b.String())
}
