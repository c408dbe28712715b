package credential

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// personal are the variables that belong to a user.
var personal = [...]string{"HOME", "USER", "LOGNAME"}

// Wrap gives the file to execute and its arguments, so that a process becomes what the Spec
// says and then the program argv: argv[0] is looked up in the PATH of its environment, from
// its directory. self is baseinit's own file; /proc/self/exe is right where baseinit is what
// forks. What is not Needed gives "" and argv as it is.
//
// The process ends with code 111 if it cannot become that, with 127 if there is no such
// program and 126 if it cannot be run, and says why on its standard error.
func (s *Spec) Wrap(self string, argv []string) (program string, wrapped []string) {
	if !s.Needed() {
		return "", argv
	}
	return self, slices.Concat([]string{Name}, s.flags(), []string{"--"}, argv)
}

// flags are the Spec as arguments, each value an argument of its own.
func (s *Spec) flags() (flags []string) {
	add := func(flag, value string) { flags = append(flags, flag, value) }
	if s.User != "" {
		add("-u", s.User)
	}
	if s.Group != "" {
		add("-g", s.Group)
	}
	if s.Groups != nil {
		add("-G", strings.Join(s.Groups, ","))
	}
	if s.Umask != nil {
		add("-m", strconv.FormatUint(uint64(*s.Umask), 8))
	}
	for _, name := range sorted(s.Rlimits) {
		add("-l", name+"="+s.Rlimits[name].String())
	}
	if s.OOMScoreAdj != nil {
		add("-o", strconv.Itoa(*s.OOMScoreAdj))
	}
	if s.Nice != nil {
		add("-n", strconv.Itoa(*s.Nice))
	}
	if s.Capabilities != nil {
		add("-c", strings.Join(*s.Capabilities, ","))
	}
	if s.NoNewPrivs != nil && *s.NoNewPrivs {
		add("-p", "1")
	}
	if s.Variables != nil {
		add("-E", strings.Join(*s.Variables, ","))
	}
	if s.User != "" {
		if keep := s.kept(); len(keep) > 0 {
			add("-e", strings.Join(keep, ","))
		}
	}
	return flags
}

// kept are the personal variables that the service sets itself.
func (s *Spec) kept() (names []string) {
	for _, name := range personal {
		if slices.ContainsFunc(s.Explicit, func(e string) bool { return e == name || strings.HasPrefix(e, name+"=") }) {
			names = append(names, name)
		}
	}
	return names
}

// Unwrap reads what Wrap has made: the Spec and the program with its arguments.
func Unwrap(wrapped []string) (s Spec, argv []string, err error) {
	for i := 1; i+1 < len(wrapped); i += 2 {
		if wrapped[i] == "--" {
			argv = wrapped[i+1:]
			break
		}
		if err := s.set(wrapped[i], wrapped[i+1]); err != nil {
			return s, nil, err
		}
	}
	if len(argv) == 0 {
		return s, nil, errors.New("there is no program after --")
	}
	err = s.Validate()
	return s, argv, err
}

// set takes one flag.
func (s *Spec) set(flag, value string) (err error) {
	switch flag {
	case "-u":
		s.User = value
	case "-g":
		s.Group = value
	case "-G":
		s.Groups = list(value)
	case "-m":
		var mask uint64
		mask, err = strconv.ParseUint(value, 8, 32)
		s.Umask = new(uint32(mask))
	case "-l":
		name, text, _ := strings.Cut(value, "=")
		var limit Limit
		limit, err = ParseLimit(text)
		s.limit(name, limit)
	case "-o":
		s.OOMScoreAdj, err = integer(value)
	case "-n":
		s.Nice, err = integer(value)
	case "-c":
		s.Capabilities = new(list(value))
	case "-p":
		s.NoNewPrivs = new(true)
	case "-E":
		s.Variables = new(list(value))
	case "-e":
		s.Explicit = list(value)
	default:
		return fmt.Errorf("there is no option %s", flag)
	}
	if err != nil {
		return fmt.Errorf("option %s: %w", flag, err)
	}
	return nil
}

func (s *Spec) limit(name string, limit Limit) {
	s.Rlimits = maps.Clone(s.Rlimits)
	if s.Rlimits == nil {
		s.Rlimits = map[string]Limit{}
	}
	s.Rlimits[name] = limit
}

func integer(text string) (*int, error) {
	n, err := strconv.Atoi(text)
	return &n, err
}

// list reads words with commas between them; it is never nil.
func list(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}
