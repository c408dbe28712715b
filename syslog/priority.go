package syslog

import (
	"slices"
	"strconv"
	"strings"
)

// Severity says how bad it is; 0, emerg, is the worst: RFC 5424, section 6.2.1.
type Severity uint8

// Facility says what kind of program a message is from: RFC 5424, section 6.2.1.
type Facility uint8

// The severities.
const (
	Emergency Severity = iota
	Alert
	Critical
	Error
	Warning
	Notice
	Informational
	Debug
)

var severityNames = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// The names of syslog.conf(5); 12 to 15 have none there, but in util-linux and rsyslog.
var facilityNames = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "security", "console", "solaris-cron",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// String is the name that syslog.conf(5) uses: emerg, alert, crit, err, warning,
// notice, info or debug.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "severity " + strconv.Itoa(int(s))
}

// String is the name that syslog.conf(5) uses: kern, user, mail, ..., local7.
func (f Facility) String() string {
	if int(f) < len(facilityNames) {
		return facilityNames[f]
	}
	return "facility " + strconv.Itoa(int(f))
}

// parseSeverity reads a name, also those that are deprecated (syslog.conf(5)), or
// a number.
func parseSeverity(text string) (Severity, bool) {
	switch name := strings.ToLower(text); name {
	case "panic":
		return Emergency, true
	case "error":
		return Error, true
	case "warn":
		return Warning, true
	default:
		i := indexName(severityNames[:], name)
		return Severity(i), i >= 0
	}
}

// parseFacility reads a name or a number.
func parseFacility(text string) (Facility, bool) {
	i := indexName(facilityNames[:], strings.ToLower(text))
	return Facility(i), i >= 0
}

// indexName finds a name, or the number of one, in names; -1 if it is neither.
func indexName(names []string, text string) int {
	if i := slices.Index(names, text); i >= 0 {
		return i
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && int(n) < len(names) {
		return int(n)
	}
	return -1
}
