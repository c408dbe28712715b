//go:build linux

package applet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// svstat is s6-svstat: the status of a service for people, or the fields that are
// asked for.
func svstat(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "uwNrpgesto:n")
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	var fields []string
	numbers := false
	for _, o := range options {
		switch o.Letter {
		case 'n':
			numbers = true
		case 'o':
			fields = append(fields, strings.Split(o.Arg, ",")...)
		default:
			fields = append(fields, statField(o.Letter))
		}
	}
	dir := serviceDir(p, rest[0])
	st, err := servicedir.ReadStatus(dir)
	if err != nil {
		return nil, unsupervised(err, 1)
	}
	if len(fields) == 0 {
		return nil, execline.Write(1, summary(&st, servicedir.NormallyUp(dir), numbers)+"\n")
	}
	for i, field := range fields {
		if fields[i], ok = statValue(&st, dir, field); !ok {
			return nil, fail(execline.CodeUsage, "no such field: %s", field)
		}
	}
	return nil, execline.Write(1, strings.Join(fields, " ")+"\n")
}

// statField is the field that an option stands for.
func statField(letter byte) string {
	switch letter {
	case 'u':
		return "up"
	case 'w':
		return "wantedup"
	case 'N':
		return "normallyup"
	case 'r':
		return "ready"
	case 'p':
		return "pid"
	case 'g':
		return "pgid"
	case 'e':
		return "exitcode"
	case 's':
		return "signal"
	}
	return "updownfor"
}

// statValue gives the value of a field.
func statValue(st *servicedir.Status, dir, field string) (value string, ok bool) {
	up := st.Up()
	either := func(is bool, value, missing string) string {
		if is {
			return value
		}
		return missing
	}
	exited, killed := !up && st.Signal == 0, !up && st.Signal != 0
	switch field {
	case "up":
		return strconv.FormatBool(up), true
	case "wantedup":
		return strconv.FormatBool(st.WantedUp), true
	case "normallyup":
		return strconv.FormatBool(servicedir.NormallyUp(dir)), true
	case "ready":
		return strconv.FormatBool(up && st.IsReady), true // so does 2.11, its manual says otherwise
	case "paused":
		return strconv.FormatBool(st.Paused), true
	case "pid", "pgid": // each service is the leader of its group
		return either(up, strconv.Itoa(st.PID), "-1"), true
	case "exitcode":
		return either(exited, strconv.Itoa(st.Code), "-1"), true
	case "signal":
		return either(killed, signalName(st.Signal), "NA"), true
	case "signum":
		return either(killed, strconv.Itoa(st.Signal), "-1"), true
	case "updownsince":
		return string(tai64n.Append(nil, st.Changed)), true
	case "readysince":
		return string(tai64n.Append(nil, st.Ready)), true
	case "updownfor":
		return seconds(st.Changed), true
	case "readyfor":
		return seconds(st.Ready), true
	}
	return "", false
}

// seconds is the time since then, in whole seconds.
func seconds(since time.Time) string {
	return strconv.FormatInt(int64(max(time.Since(since), 0)/time.Second), 10)
}

// summary is the line that scripts look through with grep: that of s6 2.11, which names
// no process group.
func summary(st *servicedir.Status, normallyUp, numbers bool) string {
	var text strings.Builder
	up := st.Up()
	switch {
	case up:
		fmt.Fprintf(&text, "up (pid %d)", st.PID)
	case st.Signal != 0 && numbers:
		fmt.Fprintf(&text, "down (signal %d)", st.Signal)
	case st.Signal != 0:
		fmt.Fprintf(&text, "down (signal %s)", signalName(st.Signal))
	default:
		fmt.Fprintf(&text, "down (exitcode %d)", st.Code)
	}
	fmt.Fprintf(&text, " %s seconds", seconds(st.Changed))
	for _, remark := range [...]struct {
		is   bool
		text string
	}{
		{up && !normallyUp, "normally down"},
		{!up && normallyUp, "normally up"},
		{st.Paused, "paused"},
		{up && !st.WantedUp, "want down"},
		{!up && st.WantedUp, "want up"},
		{st.IsReady, "ready " + seconds(st.Ready) + " seconds"},
	} {
		if remark.is {
			text.WriteString(", " + remark.text)
		}
	}
	return text.String()
}
