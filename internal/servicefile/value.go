package servicefile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/supervisor"
)

func limitNames() []string { return credential.LimitNames() }

// value reads a value of a kind that is no table. One that is wrong is said to be.
func (d *decoder) value(k kind, path string, value any) (v any, ok bool) {
	switch k {
	case kindPattern:
		return d.pattern(path, value)
	case kindVariables:
		return d.variables(path, value)
	case kindLimits:
		return d.limits(path, value)
	}
	if v, ok = k.read(value); !ok {
		d.wrong(path, fmt.Sprintf("it is %s; it can be %s", show(value), k.can()))
	}
	if k == kindCapabilities && ok {
		d.capabilities(path, v.([]string))
	}
	return v, ok
}

// read reads a value that is right or wrong as a whole.
func (k kind) read(value any) (v any, ok bool) {
	switch {
	case k.names() != nil:
		text, _ := value.(string)
		i := slices.Index(k.names(), text)
		return i, i >= 0
	case k == kindCodes, k == kindStatuses:
		return k.numbers(value)
	case k >= kindCount && k <= kindOOM:
		return k.number(value)
	case k >= kindNames && k <= kindCapabilities:
		if one, ok := isWord(value); ok {
			return []string{one}, true
		}
		all, ok := words(value)
		return all, ok && !slices.Contains(all, "")
	}
	switch k {
	case kindBool, kindNot:
		b, ok := value.(bool)
		return b != (k == kindNot), ok
	case kindDuration, kindLimit:
		return readDuration(value, k == kindLimit)
	case kindCommand:
		return command(value)
	case kindFinish:
		return command(value, "finish") // for whom further arguments are $1 and so on
	case kindOctal:
		text, _ := value.(string)
		n, err := strconv.ParseUint(text, 8, 16)
		return int(n), err == nil && n <= 0o777 && len(text) <= 4
	case kindSignal:
		return readSignal(value)
	}
	return isWord(value)
}

// assign sets a field to what a value means.
func assign(field, value any) {
	switch to := field.(type) {
	case *string:
		*to, _ = value.(string)
	case *[]string:
		*to, _ = value.([]string)
	case *bool:
		is, isBool := value.(bool)
		*to = is || !isBool && value == 1 // type
	case *int:
		*to, _ = value.(int)
	case **int:
		n, _ := value.(int)
		*to = &n
	case *[]int:
		*to, _ = value.([]int)
	case *time.Duration:
		*to, _ = value.(time.Duration)
	case *syscall.Signal:
		*to, _ = value.(syscall.Signal)
	case **regexp.Regexp:
		*to, _ = value.(*regexp.Regexp)
	case *map[string]string:
		*to, _ = value.(map[string]string)
	case *map[string]credential.Limit:
		*to, _ = value.(map[string]credential.Limit)
	default:
		assignName(field, value)
	}
}

// assignName is assign for what is one of some names.
func assignName(field, value any) {
	i, _ := value.(int)
	switch to := field.(type) {
	case *supervisor.Restart:
		*to = supervisor.RestartAlways + supervisor.Restart(i)
	case *supervisor.HealthAction:
		*to = supervisor.HealthRestart + supervisor.HealthAction(i)
	case *supervisor.Output:
		*to = supervisor.OutputRaw + supervisor.Output(i)
	case *Overlap:
		*to = OverlapSkip + Overlap(i)
	}
}

// show writes a value as the file may have it.
func show(value any) string {
	const longest = 40
	text := ""
	switch v := value.(type) {
	case string:
		text = strconv.Quote(v)
	case map[string]any, []map[string]any:
		return "a table"
	case []any:
		if len(v) > 0 {
			return "an array"
		}
		return "an empty array"
	default:
		text = fmt.Sprint(v)
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}

// isWord tells whether a text can be given to a program, and is not empty.
func isWord(value any) (string, bool) {
	s, ok := value.(string)
	return s, ok && s != "" && !strings.Contains(s, "\x00")
}

// words reads an array of strings.
func words(value any) (all []string, ok bool) {
	list, ok := value.([]any)
	for _, v := range list {
		w, isText := v.(string)
		ok = ok && isText && !strings.Contains(w, "\x00")
		all = append(all, w)
	}
	return all, ok
}

// command is an array of words, or a line for a shell, with further words as $0 and so on.
func command(value any, further ...string) (all []string, ok bool) {
	if line, ok := isWord(value); ok {
		return append([]string{"/bin/sh", "-c", line}, further...), true
	}
	all, ok = words(value)
	return all, ok && len(all) > 0 && all[0] != ""
}

func (k kind) number(value any) (n int, ok bool) {
	v, ok := value.(int64)
	least, most := k.bounds()
	return int(v), ok && v >= int64(least) && v <= int64(most)
}

func (k kind) numbers(value any) (all []int, ok bool) {
	list, ok := value.([]any)
	for _, v := range list {
		n, right := k.number(v)
		ok = ok && right
		all = append(all, n)
	}
	return all, ok
}

func readDuration(value any, zero bool) (time.Duration, bool) {
	text, _ := value.(string)
	v, err := time.ParseDuration(text)
	return v, err == nil && (v > 0 || v == 0 && zero) && !strings.HasPrefix(text, "+")
}

func readSignal(value any) (sig syscall.Signal, ok bool) {
	const last = 64 // SIGRTMAX, signal(7)
	switch v := value.(type) {
	case int64:
		return syscall.Signal(v), v >= 1 && v <= last
	case string:
		sig = unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(v), "SIG"))
	}
	return sig, sig != 0
}

func (d *decoder) pattern(path string, value any) (re *regexp.Regexp, ok bool) {
	text, ok := isWord(value)
	if !ok {
		d.wrong(path, "it is "+show(value)+"; it can be "+kindPattern.can())
		return nil, false
	}
	re, err := regexp.Compile(text)
	if err != nil {
		d.wrong(path, err.Error()+"; see https://github.com/google/re2/wiki/Syntax")
	}
	return re, err == nil
}

// capabilities says which names are none.
func (d *decoder) capabilities(path string, names []string) {
	all := credential.CapabilityNames()
	for _, name := range names {
		lower := strings.TrimPrefix(strings.ToLower(name), "cap_")
		if slices.Contains(all, lower) {
			continue
		}
		more := " (capabilities(7) lists them)"
		if near := nearest(lower, all); near != "" {
			more = "; the nearest is CAP_" + strings.ToUpper(near)
		}
		d.wrong(path, fmt.Sprintf("there is no capability %q", name)+more)
	}
}

func (d *decoder) variables(path string, value any) (all map[string]string, ok bool) {
	table, ok := value.(map[string]any)
	if !ok {
		d.wrong(path, "it is "+show(value)+"; it can be "+kindVariables.can())
	}
	all = make(map[string]string, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		switch v := table[name].(type) {
		case string, int64, bool:
			all[name] = fmt.Sprint(v)
			if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(all[name], "\x00") {
				d.wrong(join(path, name), "no variable has such a name or value")
			}
		default:
			d.wrong(join(path, name), "it is "+show(v)+"; it can be a string, a whole number, true or false")
		}
	}
	return all, ok
}

func (d *decoder) limits(path string, value any) (all map[string]credential.Limit, ok bool) {
	table, ok := value.(map[string]any)
	if !ok {
		d.wrong(path, "it is "+show(value)+"; it can be "+kindLimits.can())
	}
	all = make(map[string]credential.Limit, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		full := join(path, name)
		if !slices.Contains(limitNames(), name) {
			d.unknown(full, name, limitNames())
			continue
		}
		text, isText := table[name].(string)
		if n, isNumber := table[name].(int64); isNumber && n >= 0 {
			text, isText = strconv.FormatInt(n, 10), true
		}
		limit, err := credential.ParseLimit(text)
		if !isText || err != nil || limit.Soft > limit.Hard {
			d.wrong(full, "it is "+show(table[name])+`; it can be a number, "unlimited", or "SOFT:HARD"`)
		}
		all[name] = limit
	}
	return all, ok
}
