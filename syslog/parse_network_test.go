package syslog_test

import (
	"strings"
	"testing"
)

// RFC 3164, section 5.4.
func TestParseRFC3164Examples(t *testing.T) {
	t.Parallel()
	testParse(t, false, []parseCase{
		{
			"1", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
			parsed{Priority: "auth.crit", Stamp: "Oct 11 22:14:15", Host: "mymachine", Tag: "su", Text: "'su root' failed for lonvick on /dev/pts/8"},
		},
		{"2", "Use the BFG!", parsed{Priority: "user.notice", Host: "vm", Text: "Use the BFG!"}},
		{
			// There is no tag after it, and so no host.
			"2, relayed", "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
			parsed{Priority: "user.notice", Stamp: "Feb  5 17:32:18", Host: "vm", Text: "10.0.0.99 Use the BFG!"},
		},
		{
			// The RFC calls CST the host, and says that this is not what was meant.
			"3", "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%  Ingredients: Mix=OK",
			parsed{
				Priority: "local4.notice", Stamp: "Aug 24 05:34:00", Host: "vm",
				Text: "CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%  Ingredients: Mix=OK",
			},
		},
		{
			"4", "<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
			parsed{Priority: "kern.emerg", Host: "vm", Text: "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!"},
		},
		{
			"4, relayed", "<0>Oct 22 10:52:12 scapegoat 1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
			parsed{
				Priority: "kern.emerg", Stamp: "Oct 22 10:52:12", Host: "vm",
				Text: "scapegoat 1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
			},
		},
	})
}

func TestParseNetworkHost(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	for _, host := range []string{
		"web", "web-1", "my_host", "web.example.org", "10.0.0.99", "10.0.0.99:40000", "::1", "2001:db8::1", "fe80::1%eth0", "fe80::", "::",
		"::ffff:10.0.0.1", "vm", "azAZ09", long,
	} {
		testParse(t, false, []parseCase{
			{host, "<30>" + stamp + " " + host + " prog[8]: x", parsed{"daemon.info", stamp, host, "prog", "8", "", "", "x", 8}},
			{host + ", RFC 3339", "<30>2026-11-23T13:30:05Z " + host + " prog: x", parsed{"daemon.info", "2026-11-23T13:30:05Z", host, "prog", "", "", "", "x", 0}},
			{host + ", blanks", "<30>" + stamp + "  " + host + "  prog: x", parsed{"daemon.info", stamp, host, "prog", "", "", "", "x", 0}},
			{host + ", no tag", "<30>" + stamp + " " + host + " no tag", parsed{"daemon.info", stamp, "vm", "", "", "", "", host + " no tag", 0}},
			{host + ", no stamp", "<30>" + host + " prog: x", parsed{"daemon.info", "", "vm", "", "", "", "", host + " prog: x", 0}},
		})
	}
	testParse(t, false, []parseCase{
		{"none", "<30>" + stamp + " prog[8]: x y: z", parsed{"daemon.info", stamp, "vm", "prog", "8", "", "", "x y: z", 8}},
		{"none, blanks", "<30>" + stamp + "  prog: x", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "x", 0}},
		{"nil", "<30>" + stamp + " - prog: x", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "x", 0}},
		{"empty tag", "<30>" + stamp + " web [8]: x", parsed{"daemon.info", stamp, "web", "", "8", "", "", "x", 8}},
		{"not one", "<30>" + stamp + " a/b c: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "a/b c: x", 0}},
		{"a level", "<30>" + stamp + " [error]: c: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "[error]: c: x", 0}},
		{"too long", "<30>" + stamp + " x" + long + " c: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "x" + long + " c: x", 0}},
		{"alone", "<30>" + stamp + " web", parsed{"daemon.info", stamp, "vm", "", "", "", "", "web", 0}},
	})
}

// nginx, logger --rfc3164 and haproxy name the host on /dev/log too: ours.
func TestParseLocalHost(t *testing.T) {
	t.Parallel()
	testParse(t, true, []parseCase{
		{"ours", "<30>" + stamp + " vm prog[8]: x", parsed{"daemon.info", stamp, "vm", "prog", "8", "", "", "x", 8}},
		{"ours, no tag", "<30>" + stamp + " vm started", parsed{"daemon.info", stamp, "vm", "", "", "", "", "started", 0}},
		{"ours, alone", "<30>" + stamp + " vm", parsed{"daemon.info", stamp, "vm", "", "", "", "", "", 0}},
		{"ours as a tag", "<30>" + stamp + " vm: x", parsed{"daemon.info", stamp, "vm", "vm", "", "", "", "x", 0}},
		{"ours, no stamp", "<30>vm prog: x", parsed{"daemon.info", "", "vm", "", "", "", "", "vm prog: x", 0}},
		{"another's", "<30>" + stamp + " web prog: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "web prog: x", 0}},
		{"longer", "<30>" + stamp + " vms prog: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "vms prog: x", 0}},
		{"shorter", "<30>" + stamp + " v prog: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "v prog: x", 0}},
	})
}
