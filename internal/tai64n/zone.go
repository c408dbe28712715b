package tai64n

import (
	"os"
	"strings"
	"time"
)

// Zone is the time zone of an environment in which $TZ is that, or not set: tzset(3). Unlike
// time.Local it is not that of the process. What cannot be read is UTC, and so is a rule
// in place of a name, such as CET-1CEST, as for all programs in Go.
func Zone(tz string, set bool) *time.Location {
	tz = strings.TrimPrefix(tz, ":")
	switch {
	case !set:
		return zoneFile("/etc/localtime")
	case tz == "":
		return time.UTC
	case tz[0] == '/':
		return zoneFile(tz)
	}
	zone, err := time.LoadLocation(tz)
	if err != nil {
		return time.UTC
	}
	return zone
}

func zoneFile(path string) *time.Location {
	data, err := os.ReadFile(path)
	if err != nil {
		return time.UTC
	}
	zone, err := time.LoadLocationFromTZData("Local", data)
	if err != nil {
		return time.UTC
	}
	return zone
}
