//go:build linux

package applet

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// sortLines is s6-sort: lines in the order of their bytes.
func sortLines(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "bcfnru0")
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	given := execline.Given(options)
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	end := byte('\n')
	if given['0'] {
		end = 0
	}
	var lines []string
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte{end}), []byte{end}) {
		lines = append(lines, string(line))
	}
	if len(data) == 0 {
		lines = nil
	}
	order := func(a, b string) int { return compareLines(a, b, given) }
	if given['c'] {
		return nil, exit(map[bool]int{true: 0, false: 1}[slices.IsSortedFunc(lines, order)])
	}
	// Not slices.SortStableFunc: for strings, nobody else links it.
	sort.SliceStable(lines, func(i, j int) bool { return order(lines[i], lines[j]) < 0 })
	if given['u'] {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return order(a, b) == 0 })
	}
	var out bytes.Buffer
	for _, line := range lines {
		out.WriteString(line)
		out.WriteByte(end)
	}
	return nil, execline.Write(1, out.String())
}

// compareLines compares as the options say.
func compareLines(a, b string, given map[byte]bool) int {
	if given['b'] {
		a, b = strings.TrimLeft(a, " \t"), strings.TrimLeft(b, " \t")
	}
	if given['f'] {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	c := strings.Compare(a, b)
	if given['n'] {
		x, _ := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
		y, _ := strconv.ParseInt(strings.TrimSpace(b), 10, 64)
		c = cmp.Compare(x, y)
	}
	if given['r'] {
		return -c
	}
	return c
}
