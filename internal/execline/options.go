package execline

import (
	"strconv"
	"strings"
)

// Option is one option of a word as it was given.
type Option struct {
	Letter byte
	Arg    string // empty unless the option takes one
}

// Options takes the options from the front of args, as getopt(3) does: letters that
// take an argument are followed by a colon in spec, letters can be joined, and "--"
// ends them. It is not ok if there is one that spec does not know, or an
// argument is missing.
func Options(args []string, spec string) (options []Option, rest []string, ok bool) {
	for len(args) > 0 {
		word := args[0]
		if len(word) < 2 || word[0] != '-' {
			break
		}
		args = args[1:]
		if word == "--" {
			break
		}
		for i := 1; i < len(word); i++ {
			at := strings.IndexByte(spec, word[i])
			if at < 0 || word[i] == ':' {
				return nil, nil, false
			}
			option := Option{Letter: word[i]}
			if at+1 < len(spec) && spec[at+1] == ':' {
				switch {
				case i+1 < len(word):
					option.Arg = word[i+1:]
				case len(args) > 0:
					option.Arg, args = args[0], args[1:]
				default:
					return nil, nil, false
				}
				i = len(word)
			}
			options = append(options, option)
		}
	}
	return options, args, true
}

// Given tells which options there are.
func Given(options []Option) map[byte]bool {
	given := make(map[byte]bool, len(options))
	for _, o := range options {
		given[o.Letter] = true
	}
	return given
}

// natural reads a number from 0 to highest.
func natural(text string, highest uint64) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int(n), err == nil && n <= highest
}

// What numbers in a line may be at most.
const (
	mostArguments = 1<<20 - 1 // of a script, and descriptors
	mostWords     = 1<<16 - 1 // that a person writes down
)
