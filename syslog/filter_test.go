package syslog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// keeps lists what a filter keeps of a service, a facility at a time: "mail" if
// all of it, else with its severities. Facilities that are treated as most are,
// come first, as "*".
func keeps(f *syslog.Filter, service string) string {
	byRule := map[string][]string{}
	var rules []string
	for i, facility := range syslog.FacilityNames {
		var kept []string
		for s, severity := range syslog.SeverityNames {
			if f.Keep(&syslog.Message{Service: service, Facility: syslog.Facility(i), Severity: syslog.Severity(s)}) {
				kept = append(kept, severity)
			}
		}
		rule := strings.Join(kept, ",")
		switch len(kept) {
		case 0:
			rule = "none"
		case len(syslog.SeverityNames):
			rule = "*"
		}
		if byRule[rule] == nil {
			rules = append(rules, rule)
		}
		byRule[rule] = append(byRule[rule], facility)
	}
	slices.SortStableFunc(rules, func(a, b string) int { return len(byRule[b]) - len(byRule[a]) })
	text := "*." + rules[0]
	for _, rule := range rules[1:] {
		text += " " + strings.Join(byRule[rule], ",") + "." + rule
	}
	return text
}

func TestFilter(t *testing.T) {
	t.Parallel()
	const (
		err     = "emerg,alert,crit,err"
		warning = err + ",warning"
		notice  = warning + ",notice"
		info    = notice + ",info"
	)
	for _, tc := range []struct {
		selectors string
		want      string
		web       string // "" for the same
	}{
		{"", "*.*", ""},
		{" ; ", "*.*", ""},
		{"*.*", "*.*", ""},
		{"*.none", "*.none", ""},
		{"*.!*", "*.none", ""},
		{"*.info", "*." + info, ""},
		{"*.debug", "*.*", ""},
		{"*.emerg", "*.emerg", ""},
		{"*.info;mail.none", "*." + info + " mail.none", ""},
		{"*.info mail.none", "*." + info + " mail.none", ""},
		{"mail.none;*.info", "*." + info, ""},
		{"mail.none", "*.* mail.none", ""},
		{"mail.none;cron.none", "*.* mail,cron.none", ""},
		{"mail.!err", "*.* mail.warning,notice,info,debug", ""},
		{"mail.!=info", "*.* mail." + notice + ",debug", ""},
		{"mail.none;cron.err", "*.* mail.none cron." + err, ""},
		{"mail.none;cron.=err", "*.* mail.none cron.err", ""},
		{"mail.err", "*.none mail." + err, ""},
		{"mail.*", "*.none mail.*", ""},
		{"mail.=err", "*.none mail.err", ""},
		{"mail,cron.err", "*.none mail,cron." + err, ""},
		{"mail.err;cron.info", "*.none mail." + err + " cron." + info, ""},
		{"*.=info;*.=notice", "*.notice,info", ""},
		{"*.err;*.=info", "*." + err + ",info", ""},
		{"*.=debug;mail.none;*.=info", "*.info,debug mail.info", ""},
		{"*.info;mail.err", "*." + info + " mail." + err, ""},
		{"*.err;mail.info", "*." + err + " mail." + info, ""},
		{"kern.info;kern.!err", "*.none kern.warning,notice,info", ""},
		{"kern.info;kern.!=err", "*.none kern.emerg,alert,crit,warning,notice,info", ""},
		{"*.*;auth,authpriv.none;*.!=debug", "*." + info + " auth,authpriv.none", ""},
		{"*,mail.err", "*." + err, ""},
		{"MAIL.Err", "*.none mail." + err, ""},
		{"2.3;10.=7", "*.none mail." + err + " authpriv.debug", ""},
		{"*.warn;mail.error;cron.panic", "*." + warning + " mail." + err + " cron.emerg", ""},
		{"local7.notice", "*.none local7." + notice, ""},

		{"web:*.err", "*.*", "*." + err},
		{"web:*.none", "*.*", "*.none"},
		{"web:mail.none", "*.*", "*.* mail.none"},
		{"web:mail.err", "*.*", "*.* mail." + err},
		{"*.info;web:*.debug", "*." + info, "*.*"},
		{"*.info;web:*.=debug", "*." + info, "*.debug"},
		{"*.info;web:mail.none", "*." + info, "*." + info + " mail.none"},
		{"web:mail.none;*.info", "*." + info, "*." + info + " mail.none"},
		{"mail.err;web:*.!=crit", "*.none mail." + err, "*.none mail.emerg,alert,err"},
		{"web:*.none;web:mail.=err;web:mail.=info", "*.*", "*.none mail.err,info"},
		{"db:*.none", "*.*", ""},
	} {
		t.Run(tc.selectors, func(t *testing.T) {
			t.Parallel()
			f, err := syslog.ParseFilter(tc.selectors)
			if err != nil {
				t.Fatal(err)
			}
			if tc.web == "" {
				tc.web = tc.want
			}
			want := []string{tc.want, tc.want, tc.web}
			if diff := cmp.Diff(want, []string{keeps(f, ""), keeps(f, "other"), keeps(f, "web")}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The name of a service is what a directory may be called.
func TestFilterServiceNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"web", "my.app", "a:b", "log@2", "größe"} {
		f, err := syslog.ParseFilter(name + ":*.none")
		if err != nil {
			t.Error(err)
		} else if f.Keep(&syslog.Message{Service: name}) || !f.Keep(&syslog.Message{Service: "x"}) {
			t.Errorf("%s: %s", name, keeps(f, name))
		}
	}
}

func TestNoFilterKeepsAll(t *testing.T) {
	t.Parallel()
	for _, f := range []*syslog.Filter{nil, {}} {
		if got := keeps(f, "web"); got != "*.*" {
			t.Errorf("%v: %s", f, got)
		}
	}
}

// There is no such facility, but a Handler may make up its own.
func TestFilterUnknownFacility(t *testing.T) {
	t.Parallel()
	f, err := syslog.ParseFilter("*.none")
	if err != nil {
		t.Fatal(err)
	}
	if !f.Keep(&syslog.Message{Facility: 24}) {
		t.Error("dropped")
	}
}

func TestFilterErrors(t *testing.T) {
	t.Parallel()
	facilities := "none of *, " + strings.Join(syslog.FacilityNames, ", ") + " or 0 to 23"
	severities := "none of *, none, " + strings.Join(syslog.SeverityNames, ", ") + " or 0 to 7, before which there may be =, ! or !="
	for _, tc := range []struct{ selectors, want string }{
		{"mail", `"mail": it is not FACILITY.SEVERITY, as in mail.info, *.warning or mail.none`},
		{"*.info;warning", `"warning": it is not FACILITY.SEVERITY, as in mail.info, *.warning or mail.none`},
		{"mial.info", `"mial.info": the facility "mial" is ` + facilities},
		{".info", `".info": the facility "" is ` + facilities},
		{"mail,.info", `"mail,.info": the facility "" is ` + facilities},
		{"24.info", `"24.info": the facility "24" is ` + facilities},
		{"-1.info", `"-1.info": the facility "-1" is ` + facilities},
		{"mail.inof", `"mail.inof": the severity "inof" is ` + severities},
		{"mail.", `"mail.": the severity "" is ` + severities},
		{"mail.8", `"mail.8": the severity "8" is ` + severities},
		{"mail.=*", `"mail.=*": the severity "=*" is ` + severities},
		{"mail.!none", `"mail.!none": the severity "!none" is ` + severities},
		{"mail.=none", `"mail.=none": the severity "=none" is ` + severities},
		{"mail.=!err", `"mail.=!err": the severity "=!err" is ` + severities},
		{"mail.info.err", `"mail.info.err": the severity "info.err" is ` + severities},
		{":mail.info", `":mail.info": the service before : has no name`},
		{"web:", `"web:": it is not FACILITY.SEVERITY, as in mail.info, *.warning or mail.none`},
	} {
		f, err := syslog.ParseFilter(tc.selectors)
		if err == nil || f != nil {
			t.Errorf("%q: %v, error %v", tc.selectors, f, err)
			continue
		}
		if diff := cmp.Diff("cannot use the selector "+tc.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestKeepAllocatesNothing(t *testing.T) {
	f, err := syslog.ParseFilter("*.info;web:*.none")
	if err != nil {
		t.Fatal(err)
	}
	m := &syslog.Message{Service: "web"}
	if n := testing.AllocsPerRun(100, func() { f.Keep(m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
